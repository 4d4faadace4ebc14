"""Words that must not be found outside, and where all a program left behind is looked through.

A patient, a phrase of speech, a token and a file name go through the program;
`Onlooker` gives it folders of its own for everything, has every Python process
write down what it starts and what it deletes (`onlooker/sitecustomize.py`),
and searches every byte, archives unpacked.
"""

import contextlib
import ctypes
import io
import json
import os
import struct
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path

from scribe_desktop.services.logs import LINE_KEYS, start_logging, stop_logging
from scribe_desktop.services.places import HOME_VARIABLE
from tests.faults.counting_host import PHRASE
from tests.faults.real_service import TOKEN as TOKEN_OF_A_SERVICE

ROOT = Path(__file__).resolve().parents[2]
PATIENT_FILE = Path(__file__).with_name("patient.json")
NAME = json.loads(PATIENT_FILE.read_text())["name"]
TOKEN, FILE, PASSPHRASE = "kanarientoken-0815", "Kanarienakte", "kanarienschluessel 4711"
TOKENS = (TOKEN, TOKEN_OF_A_SERVICE, PASSPHRASE)
CANARIES = (NAME, "Vogelsang", "0815-4711", PHRASE, FILE, *TOKENS)
_FOLDERS = {
    HOME_VARIABLE: "home",
    "TMPDIR": "tmp",
    "HOME": "user",
    "XDG_DATA_HOME": "user/data",
    "XDG_CONFIG_HOME": "user/config",
    "XDG_CACHE_HOME": "user/cache",
    "XDG_STATE_HOME": "user/state",
}
_MEASURED = b".coverage"
"""What measures the tests writes down what each process was called with."""

_OURS = ("home", "tmp", "work")
"""Written to by the program alone, so everything there must be its owner's only."""


def found(content: bytes, canaries: tuple[str, ...] = CANARIES) -> list[str]:
    """The canaries in it, however they are encoded; an archive is unpacked."""
    small = content.lower()
    here = [
        canary
        for canary in canaries
        for encoding in ("utf-8", "utf-16-le")
        if canary.lower().encode(encoding) in small
    ]
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                here += found(name.encode(), canaries) + found(archive.read(name), canaries)
    return here


def none_in(content: bytes, place: object, canaries: tuple[str, ...] = CANARIES) -> None:
    """Raise AssertionError that says what was found."""
    if here := found(content, canaries):
        raise AssertionError(f"{here} in {place}")


class Onlooker:
    """Folders for everything that a program may write, and eyes on its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = folder / "onlooker"
        # Not its home, which the program makes by itself, and a test may put on a disk of its own.
        for name in ("onlooker", "work", *(x for x in _FOLDERS.values() if x != "home")):
            (folder / name).mkdir(mode=0o700, exist_ok=True, parents=True)
        self._made = MadeFiles(folder / "tmp", folder / "work")

    @property
    def environment(self) -> dict[str, str]:
        """What the program is to be started with."""
        return {
            **{name: str(self.folder / part) for name, part in _FOLDERS.items()},
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).with_name("onlooker"))]),
            "SCRIBE_TESTS_ONLOOKER": str(self.seen),
        }

    def check(self) -> None:
        """Raise AssertionError for a canary in any file, any child, or any line of a log."""
        for part in (*_OURS, "user"):
            for path in files(self.folder / part):
                with contextlib.suppress(OSError):  # a disk that fails, or deleted just now
                    none_in(path.read_bytes(), path)
                    none_in(path.name.encode(), path)
        kept = {}
        for path in self.seen.glob("kept-*"):
            name, _, content = path.read_bytes().partition(b"\n")
            if not name.startswith(_MEASURED):
                none_in(name + content, name)
            kept[name.decode()] = content
        # Libraries in native code do not tell the onlooker; the system does.
        there = {path.name for part in ("tmp", "work") for path in (self.folder / part).iterdir()}
        unseen = self._made.names() - there - kept.keys()
        assert not unseen, f"written and deleted by native code: {unseen}"
        for child in self.children():
            # What the caller itself put on its command line is the caller's.
            none_in(child["environment"].encode(), child["arguments"], TOKENS)
            none_in(child["arguments"].encode(), "what a child was called with")
        check_logs(self.folder / "home" / "logs")

    def check_private(self) -> None:
        """Raise AssertionError for a file of the program's that others can read."""
        for part in _OURS:
            for path in files(self.folder / part):
                assert is_private(path, self.folder / part), path

    def children(self) -> list[dict[str, str]]:
        """How each program was started that is not the test's own child: as told and as it is."""
        with contextlib.suppress(FileNotFoundError):
            lines = [json.loads(line) for line in (self.seen / "seen").read_text().splitlines()]
            return [x for x in lines if x["what"] == "starts" or x["parent"] != os.getpid()]
        return []


class Logged:
    """The program's own log in a test that has no process of the program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        start_logging(folder)

    def check(self) -> None:
        """Raise AssertionError for a canary; nothing is logged afterwards."""
        stop_logging()
        check_logs(self._folder)
        for path in files(self._folder):
            none_in(path.read_bytes(), path)


class MadeFiles:
    """The names of all files that are made in these folders, however shortly they are there."""

    _CREATED_OR_MOVED_IN = 0x100 | 0x80

    def __init__(self, *folders: Path) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._events = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._events)
        for folder in folders:
            path = os.fsencode(folder)
            assert library.inotify_add_watch(self._events, path, self._CREATED_OR_MOVED_IN) >= 0
        self._names: set[str] = set()

    def names(self) -> set[str]:
        with contextlib.suppress(BlockingIOError):
            while events := os.read(self._events, 1 << 16):
                while events:
                    (length,) = struct.unpack_from("I", events, 12)
                    self._names.add(events[16 : 16 + length].rstrip(b"\0").decode())
                    events = events[16 + length :]
        return self._names


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def is_private(path: Path, within: Path) -> bool:
    """Whether others cannot read it: by its own mode, or that of a folder above it."""
    above = [path, *path.parents]
    return any(one.stat().st_mode & 0o077 == 0 for one in above[: above.index(within)])


def check_logs(folder: Path) -> int:
    """Every line of every log is an object of known keys; returns how many there are."""
    count = 0
    for path in folder.glob("*.log*"):
        # A line may be half written while the program runs.
        for line in path.read_text().split("\n")[:-1]:
            assert json.loads(line).keys() <= LINE_KEYS, line
            count += 1
    return count
