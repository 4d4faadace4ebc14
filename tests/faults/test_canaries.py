"""A patient, a phrase, tokens and a file name go through the program; none may be found outside.

Every byte that it wrote is searched, the encrypted stores included, and what
it wrote for a moment only; what it said on stderr, and on stdout where no text
was asked for; and the command line and environment of all that it started.
What the caller asked to be printed, and what is on the caller's own command
line, is the caller's. Screens and the desktop's bus: `tests/live/test_outside.py`.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scribe_desktop.app import Program
from scribe_desktop.doctor import examine
from scribe_desktop.exits import Exit
from scribe_desktop.services.places import Places, find_places
from scribe_desktop.wiring.diagnostics import Diagnostics
from tests.faults import program_to_kill
from tests.faults.canaries import (
    CANARIES,
    FILE,
    NAME,
    PASSPHRASE,
    PATIENT_FILE,
    TOKEN,
    TOKENS,
    Onlooker,
    check_logs,
    found,
)
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.kill_harness import SAMPLE
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN as TOKEN_OF_A_SERVICE
from tests.faults.real_service import RealService
from tests.live.desktop_stage import wait_for
from tests.server.conftest import Clock

LIMIT_S = 120.0
PATIENT = PATIENT_FILE.read_text()
SOAP = ("--template", "soap", "--json")
WITH_PATIENT = ("--patient-json", "-", *SOAP)


@dataclass(frozen=True)
class Ran:
    code: int
    out: bytes
    err: bytes


@dataclass
class Watched:
    """The program in a user's folders, each command with the token in its environment."""

    folder: Path
    asked: Path = field(init=False)

    def __post_init__(self) -> None:
        self.onlooker = Onlooker(self.folder)
        self.asked = self.folder / "asked"
        self.asked.mkdir()
        self.audio = self.asked / f"{FILE}.flac"
        shutil.copy(SAMPLE, self.audio)
        self.environment = {
            **os.environ,
            **self.onlooker.environment,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "QT_QPA_PLATFORM": "offscreen",
            "SCRIBE_DESKTOP_TOKEN": TOKEN,
        }

    @property
    def places(self) -> Places:
        return find_places(self.environment)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        files = (str(SAMPLE), str(self.folder / "count"))
        return subprocess.Popen(
            [sys.executable, program_to_kill.__file__, *files, *arguments],
            env=self.environment,
            cwd=self.folder / "work",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def asks(self, *arguments: str, text: str = "") -> Ran:
        """Run a command that is asked for a text, and may print it."""
        process = self.start(*arguments)
        out, err = process.communicate(text.encode(), timeout=LIMIT_S)
        assert found(err) == [], err
        assert b"Traceback" not in err, err
        assert found(out, TOKENS) == [], out
        return Ran(process.returncode, out, err)

    def run(self, *arguments: str, text: str = "") -> Ran:
        """Run a command that has no text to print."""
        ran = self.asks(*arguments, text=text)
        assert found(ran.out) == [], (arguments, ran.out)
        return ran

    def dictated(self, *more: str, code: int = Exit.DONE) -> str:
        """Dictate the file for the patient; returns the dictation's number."""
        ran = self.asks("dictate", "--file", str(self.audio), *WITH_PATIENT, *more, text=PATIENT)
        assert ran.code == code, ran.err
        assert (PHRASE.encode() in ran.out) == (code == Exit.DONE), "the canary never flew"
        return str(json.loads(ran.out)["session_id"])

    def killed_while_it_records(self) -> None:
        (self.folder / "count").unlink()
        process = self.start("dictate", "--mic", "any", "--patient-json", str(PATIENT_FILE), *SOAP)
        wait_for((self.folder / "count").exists, "the microphone", LIMIT_S)
        process.kill()
        out, err = process.communicate()
        assert found(out + err) == []


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    service_was_seen = [x for x in watched.onlooker.children() if "counting_host" in x["arguments"]]
    assert {x["what"] for x in service_was_seen} == {"starts", "is"}, "no child was seen"
    assert check_logs(watched.places.logs) > 5
    watched.onlooker.check_private()
    watched.onlooker.check()


def test_on_a_usual_day(watched: Watched) -> None:
    session_id = watched.dictated()
    (watched.asked / f"{FILE}.txt").write_text(NAME)
    watched.run("dictate", "--file", str(watched.asked / f"{FILE}.txt"), *SOAP)
    watched.run("dictate", "--patient-json", "-", text=f"{{{NAME}")
    spoken = ("dictate", "--mic", "any", "--seconds", "1", *WITH_PATIENT)
    assert watched.asks(*spoken, text=PATIENT).code == 0
    watched.killed_while_it_records()
    watched.run("deliver", "--json")
    watched.run("sessions", "--json")
    watched.run("doctor", "--json")
    watched.asks("export", "last", "--format", "markdown")
    watched.run("devices", "--json")
    deleted = watched.run("delete", session_id)
    assert (deleted.code, b"holds nothing of it" in deleted.out) == (0, True), deleted.err
    watched.run("audit", "--json")
    with Program(watched.places) as program:
        bundle = watched.places.home or watched.folder
        diagnostics = Diagnostics(program.line, watched.places.logs, lambda: examine(program))
        assert any("ms" in measured.value for measured in diagnostics.measurements())
        diagnostics.write_bundle(str(bundle / "bundle.zip"))
        assert b"scribe-desktop.log" in (bundle / "bundle.zip").read_bytes()


def test_where_a_service_refuses_and_the_network_fails(watched: Watched) -> None:
    clock = Clock()
    clock.at = time.time()
    service = RealService(watched.folder / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    there = ("--service", f"http://127.0.0.1:{proxy.port}/voice/v1", "--dialect", "onprem")
    watched.environment["SCRIBE_DESKTOP_TOKEN"] = TOKEN_OF_A_SERVICE
    watched.dictated("--service", "http://127.0.0.1:1/voice/v1", code=Exit.UNREACHABLE)
    proxy.faults["create"] += ["reset"]
    proxy.faults["upload 0"] += ["answer 413"]
    proxy.faults["end"] += ["lose reply"]
    watched.dictated(*there)
    assert not any(proxy.faults.values()), "every fault was met"
    proxy.faults["create"] += ["answer 403"]
    watched.dictated(*there, code=Exit.FAILED)
    signed_in = watched.run("sign-in", "token", *there, text=f"{TOKEN}\n")
    assert signed_in.code == 0, signed_in.err
    watched.run("sign-out", *there)
    # The child, which all of this did without.
    del watched.environment["SCRIBE_DESKTOP_TOKEN"]
    watched.dictated()
    proxy.close()
    service.close()


def test_with_the_key_in_a_backup_and_the_store_damaged(watched: Watched) -> None:
    watched.dictated()
    backup = str(watched.folder / "work" / "backup.json")
    key = ("key", "export", backup, "--passphrase-stdin")
    assert watched.run(*key, text=f"{PASSPHRASE}\n").code == 0
    (watched.places.config / "spool.key").unlink()
    assert watched.run("sessions", "--json").code == 1
    back = ("key", "import", backup, "--passphrase-stdin")
    assert watched.run(*back, text=f"{PASSPHRASE}\n").code == 0
    with (watched.places.spool / "spool.db").open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        # Most pages are free by now, and nobody misses those.
        file.seek(size // 10)
        file.write(random.Random(1).randbytes(size - size // 10))
    damaged = watched.run("sessions", "--json")
    assert b"was damaged" in damaged.err
    assert list(watched.places.spool.glob("set-aside-*"))


def test_from_the_window(watched: Watched) -> None:
    with watched.start() as window:
        try:
            wait_for((watched.places.control / "address").exists, "the window")
            watched.dictated()
            spoken = ("dictate", "--mic", "any", "--seconds", "1", *WITH_PATIENT)
            assert watched.asks(*spoken, text=PATIENT).code == 0
            watched.run("show")
        finally:
            window.send_signal(signal.SIGTERM)
        out, err = window.communicate(timeout=LIMIT_S)
    assert (window.returncode, found(out + err)) == (0, [])


PLACES = ("home/logs/x.log", "tmp/x", "user/x", "zip", "name", "gone")


@pytest.mark.parametrize("canary", CANARIES, ids=range(len(CANARIES)))
@pytest.mark.parametrize("place", PLACES)
def test_the_search_finds_each_of_them_wherever_it_is(
    tmp_path: Path, canary: str, place: str
) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "home").mkdir()
    watched.onlooker.check()
    if place == "zip":
        with zipfile.ZipFile(tmp_path / "home" / "x.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("note.txt", "x" * 100 + canary)
        (tmp_path / "home" / "x.zip").chmod(0o600)
    elif place == "name":
        (tmp_path / "tmp" / f"{canary}.tmp").touch(0o600)
    elif place == "gone":
        code = f"import pathlib as p; p.Path('x').write_text({canary!r}); p.Path('x').unlink()"
        calls(watched, code)
    else:
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"event": canary.upper()}))
        path.chmod(0o600)
    with pytest.raises(AssertionError, match=canary):
        watched.onlooker.check()


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
def test_the_search_finds_what_a_child_is_given(tmp_path: Path, token: str) -> None:
    watched = Watched(tmp_path)
    child = "subprocess.run([sys.executable, '-c', ''])"
    calls(watched, f"import os, subprocess, sys; del os.environ['SCRIBE_DESKTOP_TOKEN']; {child}")
    watched.onlooker.check()
    watched.environment["SCRIBE_DESKTOP_TOKEN"] = token
    calls(watched, f"import subprocess, sys; {child}")
    with pytest.raises(AssertionError, match=token):
        watched.onlooker.check()


def test_a_file_that_native_code_deletes_is_missed(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    subprocess.run(["sh", "-c", 'echo > "$1"; rm "$1"', "sh", tmp_path / "tmp" / "x"], check=True)
    with pytest.raises(AssertionError, match="native"):
        watched.onlooker.check()


def test_a_file_that_others_can_read_is_found(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "home").mkdir()
    watched.onlooker.check_private()
    (tmp_path / "home" / "x").touch(0o644)
    with pytest.raises(AssertionError):
        watched.onlooker.check_private()


def calls(watched: Watched, code: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code], env=watched.environment, cwd=watched.folder, check=True
    )
