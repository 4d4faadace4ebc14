"""Draws the program's icon in every size that a desktop asks for, from one SVG.

PNG for Linux, ICO for Windows, ICNS for macOS; the two containers are simple
enough to write here, so no picture tool is needed.
"""

import os
import struct
from collections.abc import Mapping
from pathlib import Path

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
# Apple's four letters for a PNG of each size.
_ICNS = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def render(svg: Path, folder: Path) -> dict[int, Path]:
    """Write one PNG a size; return size → file."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    renderer = QSvgRenderer(str(svg))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        drawn[size] = folder / f"scribe-desktop-{size}.png"
        image.save(str(drawn[size]))
    del application
    return drawn


def ico(pictures: Mapping[int, Path]) -> bytes:
    """Windows: a table of entries, then the PNG files."""
    chosen = [(size, pictures[size].read_bytes()) for size in _ICO_SIZES]
    offset = 6 + 16 * len(chosen)
    table = struct.pack("<HHH", 0, 1, len(chosen))
    for size, content in chosen:
        # 256 is written as 0: the field is one byte.
        side = size % 256
        table += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(content), offset)
        offset += len(content)
    return table + b"".join(content for _, content in chosen)


def icns(pictures: Mapping[int, Path]) -> bytes:
    """macOS: tagged PNG files behind a length."""
    body = b""
    for size, tag in _ICNS.items():
        content = pictures[size].read_bytes()
        body += tag + struct.pack(">I", len(content) + 8) + content
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def write_all(svg: Path, folder: Path) -> dict[int, Path]:
    """PNG files, `scribe-desktop.ico` and `scribe-desktop.icns` in `folder`."""
    pictures = render(svg, folder)
    (folder / "scribe-desktop.ico").write_bytes(ico(pictures))
    (folder / "scribe-desktop.icns").write_bytes(icns(pictures))
    return pictures
