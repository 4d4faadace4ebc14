"""A disk that loses its power: what may lie on it then, of all that a process did to its files.

What was synced is there. Of what was not: any part, torn at sectors, in any
order of the disk's own, or nothing at all, or zeros where a file had grown.
Names come onto the disk in the order in which they were made in a folder, and
for certain only when that folder is synced.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.power_trace import (
    Deed,
    Make,
    Remove,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

SECTOR_BYTES = 512
BLOCK_BYTES = 4096
NONSENSE = random.Random(1).randbytes(32768)


@dataclass
class File:
    """What is on the disk for certain, and what was asked for since."""

    synced: bytes = b""
    pending: list[Write | Truncate] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """What somebody finds after the power came back."""

    folders: frozenset[str]
    files: tuple[tuple[str, bytes], ...]

    def digest(self) -> bytes:
        """What tells one world from another."""
        seen = hashlib.sha256(repr(sorted(self.folders)).encode())
        for path, content in self.files:
            seen.update(f"\0{path}\0{len(content)}\0".encode() + content)
        return seen.digest()

    def lay(self, root: str, folder: Path) -> None:
        """Put it where a program can open it."""
        folder.mkdir()
        for path in sorted(self.folders):
            (folder / path.removeprefix(root + "/")).mkdir()
        for path, content in self.files:
            place = folder / path.removeprefix(root + "/")
            place.write_bytes(content)
            if place.name.endswith("-wal"):
                # The index of a log is never synced: anything may stand in it.
                place.with_name(place.name.removesuffix("-wal") + "-shm").write_bytes(NONSENSE)


class Disk:
    """Takes deeds in their order; can lose its power after each."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[int, File] = defaultdict(File)
        self._names: dict[str, int | None] = {}
        self._pending: dict[str, list[Make | Rename | Remove]] = defaultdict(list)

    def take(self, deed: Deed) -> None:
        """The process did this."""
        match deed:
            case Write() | Truncate():
                self._files[deed.file].pending.append(deed)
            case Sync(file):
                self._files[file] = File(_all(self._files[file]))
            case Make() | Rename() | Remove():
                self._pending[str(Path(deed.path).parent)].append(deed)
            case SyncFolder(folder):
                for one in self._pending.pop(folder, []):
                    _name(self._names, one)
            case _:
                pass

    def all_lost(self) -> World:
        """Nothing but what was synced."""
        return self._world(dict(self._names), lambda file: file.synced)

    def all_kept(self) -> World:
        """Everything, as after a kill."""
        return self._world(self._named(len), _all)

    def torn(self, chance: random.Random) -> World:
        """Some of it."""
        names = self._named(lambda pending: chance.randint(0, len(pending)))
        tearing = _Tearing(chance)
        return self._world(names, tearing.torn)

    def _named(
        self, how_many: Callable[[list[Make | Rename | Remove]], int]
    ) -> dict[str, int | None]:
        names = dict(self._names)
        for pending in self._pending.values():
            for one in pending[: how_many(pending)]:
                _name(names, one)
        return names

    def _world(self, names: dict[str, int | None], content: Callable[[File], bytes]) -> World:
        folders: set[str] = set()
        # Whoever lies in a folder that is not there is not there.
        for path in sorted(path for path, file in names.items() if file is None):
            if self._is_in(path, folders):
                folders.add(path)
        files = tuple(
            (path, content(self._files[file]))
            for path, file in sorted(names.items())
            if file is not None and self._is_in(path, folders)
        )
        return World(frozenset(folders), files)

    def _is_in(self, path: str, folders: set[str]) -> bool:
        parent = str(Path(path).parent)
        return parent == self._root or parent in folders


class _Tearing:
    """One power cut: how much of what was pending came onto the disk, and in what pieces."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._kept = chance.choice((0.1, 0.5, 0.9))
        self._piece = chance.choice((SECTOR_BYTES, BLOCK_BYTES))
        self._grows_with_zeros = chance.random() < 0.5

    def torn(self, file: File) -> bytes:
        content = bytearray(file.synced)
        for one in file.pending:
            if isinstance(one, Truncate):
                if self._chance.random() < self._kept:
                    _apply(content, one)
                continue
            end = one.at + len(one.data)
            at = one.at
            while at < end:
                upto = min(at // self._piece * self._piece + self._piece, end)
                if self._chance.random() < self._kept:
                    _apply(content, Write(one.file, at, one.data[at - one.at : upto - one.at]))
                at = upto
            if self._grows_with_zeros and end > len(content):
                content.extend(bytes(end - len(content)))
        return bytes(content)


def _all(file: File) -> bytes:
    content = bytearray(file.synced)
    for one in file.pending:
        _apply(content, one)
    return bytes(content)


def _apply(content: bytearray, one: Write | Truncate) -> None:
    if isinstance(one, Truncate):
        del content[one.size :]
        content.extend(bytes(one.size - len(content)))
        return
    content.extend(bytes(max(one.at - len(content), 0)))
    content[one.at : one.at + len(one.data)] = one.data


def _name(names: dict[str, int | None], one: Make | Rename | Remove) -> None:
    match one:
        case Make(path, file):
            names[path] = file
        case Rename(path, to):
            names[to] = names.pop(path)
        case Remove(path):
            names.pop(path, None)
