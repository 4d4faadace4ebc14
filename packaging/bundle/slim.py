"""Makes the bundle smaller without taking anything out that the program uses.

Two things are left behind by building: debug symbols (66 MB in the speech
engine alone) and system libraries that only a discarded part of Qt wanted.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from PyInstaller.depend.bindepend import get_imports

Binary = tuple[str, str, str]

# Only these: 66, 16 and 12 MB of symbols. `strip` breaks libraries whose names the
# wheel builder patched (numpy's OpenBLAS does not load afterwards).
_STRIPPED = ("ctranslate2/_ext.", "libpython3", "sqlcipher3/_sqlite3.")

# sounddevice asks for it while it runs, so no other library shows that it is needed.
_LOADED_BY_NAME = ("libportaudio.so",)


def without_orphans(binaries: Iterable[Binary]) -> list[Binary]:
    """Drop system libraries that no kept binary needs, directly or through another."""
    entries = list(binaries)
    if not sys.platform.startswith("linux"):
        return entries
    system = {entry[0]: entry for entry in entries if entry[1].startswith(("/lib", "/usr/lib"))}
    kept = [entry for entry in entries if entry[0] not in system]
    kept += [system.pop(name) for name in sorted(system) if name.startswith(_LOADED_BY_NAME)]
    waiting = list(kept)
    while waiting:
        for name, _ in get_imports(waiting.pop()[1]):
            found = system.pop(Path(name).name, None)
            if found is not None:
                kept.append(found)
                waiting.append(found)
    return kept


def without_debug_symbols(binaries: Iterable[Binary], scratch: Path) -> list[Binary]:
    """Replace the libraries that came with their symbols by stripped copies."""
    strip = shutil.which("strip")
    if not sys.platform.startswith("linux") or strip is None:
        return list(binaries)
    slimmer = []
    for name, source, kind in binaries:
        path = source
        if name.startswith(_STRIPPED):
            path = str(scratch / name)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([strip, "--strip-debug", "-o", path, source], check=True)
        slimmer.append((name, path, kind))
    return slimmer


def without_early_qt(scripts: Iterable[Binary]) -> list[Binary]:
    """Linux: the same start scripts without the one that loads Qt to tell it where it is.

    It did so for every command, also for those that answer a key press and for
    the local service, which never show a window: two thirds of their start.
    """
    entries = list(scripts)
    if not sys.platform.startswith("linux"):
        return entries
    return [entry for entry in entries if entry[0] != "pyi_rth_pyside6"]


def tell_qt_where_it_is(folder: Path) -> None:
    """Linux: the file beside the program in which Qt itself looks for its place."""
    if sys.platform.startswith("linux"):
        (folder / "qt.conf").write_text("[Paths]\nPrefix = _internal/PySide6/Qt\n", "utf-8")
