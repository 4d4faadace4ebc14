"""Keeps two video encoders out of the installed program, because their licence is the GPL.

The FFmpeg inside the PyAV wheels is LGPL, but libavcodec is linked to libx264
and libx265, which are GPL, and a program that is shipped with them must be
GPL as a whole. Dictation needs no video. libavcodec will not load without
libraries of those names, so the bundle holds empty ones: every entry point
answers “nothing”, which FFmpeg reports as an encoder that cannot be opened.
"""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

SYSTEM = platform.system()
GPL = re.compile(r"^(lib)?x26[45]\b", re.IGNORECASE)
_ENTRY_POINT = re.compile(r"\b_?(x26[45]_\w+)")

Binary = tuple[str, str, str]
"""PyInstaller's (name in the bundle, file it comes from, kind)."""


def without_gpl_codecs(binaries: Iterable[Binary], scratch: Path) -> list[Binary]:
    """The same binaries with an empty library in the place of each GPL one."""
    entries = list(binaries)
    gpl = [entry for entry in entries if GPL.match(Path(entry[0]).name)]
    kept = [entry for entry in entries if entry not in gpl]
    if not gpl:
        return kept
    users = [Path(source) for name, source, _ in kept if "avcodec" in Path(name).name]
    symbols = sorted({symbol for user in users for symbol in entry_points(user)})
    scratch.mkdir(parents=True, exist_ok=True)
    for name, _, kind in gpl:
        family = "x264" if "x264" in name else "x265"
        stub = scratch / Path(name).name
        # The names hold a hash of the wheel, so one that was made before is the right one.
        if not stub.exists():
            make_stub(stub, [symbol for symbol in symbols if symbol.startswith(family)])
        kept.append((name, str(stub), kind))
    return kept


def entry_points(library: Path) -> set[str]:
    """The functions of the two encoders that `library` wants from elsewhere."""
    if library.suffix == ".dll":
        # The import table holds the names as plain text.
        found = re.findall(rb"x26[45]_[A-Za-z0-9_]+", library.read_bytes())
        return {name.decode() for name in found}
    flags = ["-u"] if SYSTEM == "Darwin" else ["-D", "--undefined-only"]
    listing = subprocess.run(
        [_tool("nm"), *flags, str(library)], check=True, capture_output=True, text=True
    ).stdout
    return set(_ENTRY_POINT.findall(listing))


def make_stub(path: Path, symbols: Iterable[str]) -> None:
    """Write a shared library whose functions all return zero."""
    if path.suffix == ".dll":
        _compile(path, symbols, "gcc" if SYSTEM == "Windows" else "x86_64-w64-mingw32-gcc")
    elif SYSTEM == "Darwin":
        _compile(path, symbols, "clang")
    else:
        _assemble(path, symbols)


def _compile(path: Path, symbols: Iterable[str], compiler: str) -> None:
    export = "__declspec(dllexport) " if path.suffix == ".dll" else ""
    source = path.with_suffix(".c")
    source.write_text(
        "".join(f"{export}void *{symbol}(void) {{ return 0; }}\n" for symbol in symbols), "utf-8"
    )
    name = ["-install_name", f"@rpath/{path.name}"] if SYSTEM == "Darwin" else []
    subprocess.run([_tool(compiler), "-shared", "-o", str(path), str(source), *name], check=True)


def _assemble(path: Path, symbols: Iterable[str]) -> None:
    """Linux: the assembler is there wherever PyInstaller is; a compiler may not be."""
    machine = platform.machine()
    zero = {"x86_64": "xorl %eax, %eax\n ret", "aarch64": "mov x0, #0\n ret"}[machine]
    text = ['.section .note.GNU-stack,"",%progbits\n.text\n']
    text += [f".globl {name}\n.type {name}, %function\n{name}:\n {zero}\n" for name in symbols]
    source, compiled = path.with_suffix(".s"), path.with_suffix(".o")
    source.write_text("".join(text), "utf-8")
    subprocess.run([_tool("as"), "-o", str(compiled), str(source)], check=True)
    link = ["-shared", f"-soname={path.name}", "-o", str(path), str(compiled)]
    subprocess.run([_tool("ld"), *link], check=True)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"“{name}” is needed to build the bundle and was not found")
    return found
