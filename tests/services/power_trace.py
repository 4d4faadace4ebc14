"""What a process does to its files, as the kernel was asked for it: recorded by strace and parsed.

Nothing between the program and the kernel is trusted: the calls of the
database library and those of Python are recorded alike, in their order. A call
that could change a file and is not understood here ends the recording.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_FILES = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir"
_DATA = "write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,lseek,mmap"
_SYNC = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"
_STRANGE = "link,linkat,symlink,symlinkat,copy_file_range,sendfile,splice,io_uring_enter"

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_HANDLE = re.compile(r"^(?:AT_FDCWD|(-?\d+))(?:<((?:\\x[0-9a-f]{2})*)>)?")
_SHARED = "MAP_SHARED"


@dataclass(frozen=True)
class Write:
    """Bytes into a file; durable only after a `Sync` of it."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    """Another length of a file."""

    file: int
    size: int


@dataclass(frozen=True)
class Sync:
    """All that was written into a file so far is on the disk."""

    file: int


@dataclass(frozen=True)
class SyncFolder:
    """The names in a folder are on the disk."""

    folder: str


@dataclass(frozen=True)
class Make:
    """A name for a new file; a folder has no number."""

    path: str
    file: int | None


@dataclass(frozen=True)
class Rename:
    """A name in place of another one."""

    path: str
    to: str


@dataclass(frozen=True)
class Remove:
    """A name that is gone."""

    path: str


@dataclass(frozen=True)
class Acknowledged:
    """A call of the program came back to whoever had made it."""

    number: int


Deed: TypeAlias = Write | Truncate | Sync | SyncFolder | Make | Rename | Remove | Acknowledged


class NotUnderstood(AssertionError):
    """The process did something that cannot be replayed."""


def record(command: Sequence[str], root: Path, trace: Path) -> list[Deed]:
    """Run a process and return all that it did below `root`, and what it acknowledged."""
    calls = f"{_FILES},{_DATA},{_SYNC},{_STRANGE}"
    # Filtered in the kernel: nothing else is slowed down. "?" where a machine has no such call.
    which = f"trace={','.join(f'?{call}' for call in calls.split(','))}"
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", which]
    subprocess.run([*strace, "-o", str(trace), *command], check=True, stdout=subprocess.DEVNULL)
    return list(_Reader(str(root)).read(trace))


class _Reader:
    """Follows names and open files, so that each deed is about a file and not about a number."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names: dict[str, int | None] = {}
        self._handles: dict[str, tuple[str, int | None]] = {}
        self._at: dict[str, int] = {}
        self._files = 0

    def read(self, trace: Path) -> Iterator[Deed]:
        for call, arguments, answer in _calls(trace):
            texts = [_decoded(text) for text, _ in _TEXT.findall(arguments)]
            deeds = _READ[call](self, arguments, texts, answer) if call in _READ else None
            if deeds is None:
                if self._is_ours(arguments):
                    raise NotUnderstood(f"{call}({arguments[:400]})")
                continue
            yield from deeds

    def _is_ours(self, arguments: str) -> bool:
        return "".join(f"\\x{byte:02x}" for byte in self._root.encode()) in arguments

    def _path(self, arguments: str, text: bytes) -> str:
        """An absolute path, of one that may be relative to an open folder."""
        folder = _HANDLE.match(arguments)
        base = _decoded(folder[2] or "").decode() if folder else ""
        return str(Path(base, text.decode()))

    def _below(self, path: str) -> bool:
        return path.startswith(self._root + "/") and not path.endswith("-shm")

    def opened(self, arguments: str, texts: list[bytes], answer: int) -> list[Deed]:
        path = self._path(arguments, texts[0])
        handle = str(answer)
        self._handles.pop(handle, None)
        self._at[handle] = 0
        if not self._below(path) and path != self._root:
            return []
        deeds: list[Deed] = []
        if path not in self._names and "O_CREAT" in arguments:
            self._files += 1
            self._names[path] = self._files
            deeds.append(Make(path, self._files))
        file = self._names.get(path)
        self._handles[handle] = (path, file)
        if "O_TRUNC" in arguments and file is not None:
            deeds.append(Truncate(file, 0))
        if "O_APPEND" in arguments:
            raise NotUnderstood("appending")
        return deeds

    def wrote(self, arguments: str, texts: list[bytes], answer: int) -> list[Deed]:
        handle = _handle(arguments)
        if texts and texts[0].startswith(b"ack "):
            return [Acknowledged(int(texts[0].split()[1]))]
        file = self._handles.get(handle, ("", None))[1]
        at = self._at.get(handle, 0)
        self._at[handle] = at + answer
        return [] if file is None else [Write(file, at, texts[0][:answer])]

    def wrote_at(self, arguments: str, texts: list[bytes], answer: int) -> list[Deed]:
        file = self._handles.get(_handle(arguments), ("", None))[1]
        at = int(arguments.rpartition(",")[2])
        return [] if file is None else [Write(file, at, texts[0][:answer])]

    def moved(self, arguments: str, _: list[bytes], answer: int) -> list[Deed]:
        self._at[_handle(arguments)] = answer
        return []

    def cut(self, arguments: str, _: list[bytes], __: int) -> list[Deed]:
        file = self._handles.get(_handle(arguments), ("", None))[1]
        size = int(arguments.rpartition(",")[2])
        return [] if file is None else [Truncate(file, size)]

    def synced(self, arguments: str, _: list[bytes], __: int) -> list[Deed]:
        path, file = self._handles.get(_handle(arguments), ("", None))
        if file is not None:
            return [Sync(file)]
        return [SyncFolder(path)] if path in self._names or path == self._root else []

    def made_folder(self, arguments: str, texts: list[bytes], _: int) -> list[Deed]:
        path = self._path(arguments, texts[0])
        if not self._below(path):
            return []
        self._names[path] = None
        return [Make(path, None)]

    def renamed(self, arguments: str, texts: list[bytes], _: int) -> list[Deed]:
        old, new = (self._path("", text) for text in texts)
        if not self._below(old) and not self._below(new):
            return []
        if Path(old).parent != Path(new).parent or self._names.get(old) is None:
            raise NotUnderstood(f"rename({arguments})")
        self._names[new] = self._names.pop(old)
        return [Rename(old, new)]

    def removed(self, arguments: str, texts: list[bytes], _: int) -> list[Deed]:
        path = self._path(arguments, texts[0])
        if not self._below(path):
            return []
        del self._names[path]
        return [Remove(path)]

    def mapped(self, arguments: str, _: list[bytes], __: int) -> list[Deed] | None:
        writes = _SHARED in arguments and "PROT_WRITE" in arguments
        # The index of the log is made anew after a power cut; nothing of it is believed.
        index = "".join(f"\\x{byte:02x}" for byte in b"-shm") + ">"
        return None if writes and index not in arguments else []


_READ: Mapping[str, Callable[[_Reader, str, list[bytes], int], list[Deed] | None]] = {
    "openat": _Reader.opened,
    "write": _Reader.wrote,
    "pwrite64": _Reader.wrote_at,
    "lseek": _Reader.moved,
    "ftruncate": _Reader.cut,
    "fsync": _Reader.synced,
    "fdatasync": _Reader.synced,
    "mkdir": _Reader.made_folder,
    "mkdirat": _Reader.made_folder,
    "rename": _Reader.renamed,
    "unlink": _Reader.removed,
    "unlinkat": _Reader.removed,
    "rmdir": _Reader.removed,
    "mmap": _Reader.mapped,
}


def _calls(trace: Path) -> Iterator[tuple[str, str, int]]:
    """Each call that succeeded; one that another thread interrupted is put together again."""
    begun: dict[str, str] = {}
    for line in trace.read_text().splitlines():
        process = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            begun[process] = line.removesuffix("<unfinished ...>").rstrip()
            continue
        whole = re.sub(r"^\d+ +<\.\.\. \w+ resumed>", lambda _: begun.pop(process), line)  # noqa: B023
        found = _CALL.match(whole)
        if found and not found[4].startswith("-"):
            yield found[2], found[3], int(found[4], 0)


def _handle(arguments: str) -> str:
    found = _HANDLE.match(arguments)
    return found[1] or "" if found else ""


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
