"""What goes into the installed program, as far as it can be known without building it."""

import ctypes
import json
import plistlib
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from platform import machine as told_machine

import pytest
from bundle import codec_stubs, contents, icons, licences, slim
from console import ROOT, SetUpError
from linux import deb
from machine import SUPPORTED, architecture
from update_feed import SYSTEMS

from scribe_desktop import __version__


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("PySide6/Qt/lib/libQt6Core.so.6", True),
        ("PySide6/Qt/lib/libQt6Qml.so.6", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("PySide6/Qt/plugins/imageformats/libqsvg.so", True),
        ("PySide6\\plugins\\imageformats\\qjpeg.dll", False),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_fi.qm", False),
    ],
)
def test_unused_parts_of_qt_stay_out(name: str, belongs: bool) -> None:  # noqa: FBT001
    assert contents.wanted(name) is belongs


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the assembler of Linux")
def test_a_gpl_codec_is_replaced_by_one_that_answers_nothing(tmp_path: Path) -> None:
    import av

    libraries = Path(av.__file__).parents[1] / "av.libs"
    binaries = [(f"av.libs/{path.name}", str(path), "BINARY") for path in libraries.iterdir()]
    kept = codec_stubs.without_gpl_codecs(binaries, tmp_path)
    assert {entry[0] for entry in kept} == {entry[0] for entry in binaries}
    replaced = [Path(source) for name, source, _ in kept if "libx26" in name]
    assert len(replaced) == 2
    assert all(path.stat().st_size < 20_000 for path in replaced)
    x264 = next(path for path in replaced if "x264" in path.name)
    assert ctypes.CDLL(str(x264)).x264_encoder_encode() == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DT_NEEDED is Linux's")
def test_a_library_that_only_a_dropped_part_wanted_is_dropped() -> None:
    root = Path("/usr/lib") / f"{told_machine()}-linux-gnu"
    entries = [
        ("libportaudio.so.2", str(root / "libportaudio.so.2"), "BINARY"),
        ("libxcb-cursor.so.0", str(root / "libxcb-cursor.so.0"), "BINARY"),
    ]
    assert [entry[0] for entry in slim.without_orphans(entries)] == ["libportaudio.so.2"]


def test_every_part_has_a_licence_and_the_list_of_parts_is_cyclonedx(tmp_path: Path) -> None:
    licences.collect(tmp_path, __version__)
    notices = (tmp_path / "THIRD-PARTY.md").read_text("utf-8")
    assert "see its text" not in notices
    assert "| pyside6-essentials | " in notices
    bom = json.loads((tmp_path / "sbom.cdx.json").read_text("utf-8"))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    references = [component["bom-ref"] for component in bom["components"]]
    assert len(references) == len(set(references)) > 50
    assert any(component["type"] == "machine-learning-model" for component in bom["components"])
    assert {"LGPL-3.0.txt", "LGPL-2.1.txt", "GPL-3.0.txt", "LICENSE.txt"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_icons_of_every_size_for_every_system(tmp_path: Path) -> None:
    # In a process of its own: Qt allows one application object, and this suite has one.
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from bundle import icons; from pathlib"
        " import Path; icons.write_all(Path(sys.argv[2]), Path(sys.argv[3]))"
    )
    svg = ROOT / "resources" / "scribe-desktop.svg"
    arguments = [str(ROOT / "packaging"), str(svg), str(tmp_path)]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    for size in icons.SIZES:
        png = (tmp_path / f"scribe-desktop-{size}.png").read_bytes()
        assert struct.unpack(">II", png[16:24]) == (size, size)
    ico = (tmp_path / "scribe-desktop.ico").read_bytes()
    assert struct.unpack("<HHH", ico[:6]) == (0, 1, 7)
    icns = (tmp_path / "scribe-desktop.icns").read_bytes()
    assert (icns[:4], struct.unpack(">I", icns[4:8])[0]) == (b"icns", len(icns))


def test_the_desktop_finds_the_program_by_one_name() -> None:
    folder = ROOT / "packaging" / "linux"
    component = ET.parse(folder / f"{deb.IDENTIFIER}.metainfo.xml").getroot()  # noqa: S314  our own file
    assert component.findtext("id") == contents.IDENTIFIER == deb.IDENTIFIER
    assert component.findtext("launchable") == f"{deb.IDENTIFIER}.desktop"
    entry = (folder / f"{deb.IDENTIFIER}.desktop").read_text("utf-8")
    assert "Exec=scribe-desktop open %U\n" in entry
    assert "x-scheme-handler/scribe-desktop;" in entry
    assert next(release.get("version") for release in component.iter("release")) == __version__


def test_what_windows_and_macos_show() -> None:
    plist = contents.info_plist(__version__)
    assert "records" in str(plist["NSMicrophoneUsageDescription"])
    assert plist["CFBundleShortVersionString"] == plist["CFBundleVersion"] == __version__
    assert plistlib.loads(plistlib.dumps(plist)) == plist
    allowed = plistlib.loads((ROOT / "packaging/macos/entitlements.plist").read_bytes())
    assert allowed["com.apple.security.device.audio-input"] is True


@pytest.mark.parametrize(
    ("system", "told", "name"),
    [
        ("Linux", "x86_64", "x86_64"),
        ("Linux", "aarch64", "arm64"),
        ("Windows", "AMD64", "x86_64"),
        ("Darwin", "arm64", "arm64"),
    ],
)
def test_the_architecture_is_that_of_the_machine(system: str, told: str, name: str) -> None:
    assert architecture(system, told) == name


@pytest.mark.parametrize(
    ("system", "told", "largest"),
    [
        ("Darwin", "x86_64", sys.maxsize),
        ("Windows", "ARM64", sys.maxsize),
        ("Linux", "riscv64", sys.maxsize),
        ("Windows", "AMD64", 2**31 - 1),
    ],
)
def test_nothing_is_built_for_a_machine_without_the_libraries(
    system: str, told: str, largest: int
) -> None:
    with pytest.raises(SetUpError, match="Nothing is built for") as refused:
        architecture(system, told, largest)
    assert "Linux: x86_64, arm64" in str(refused.value)


def test_a_package_asks_for_the_c_library_that_its_parts_were_linked_with(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "older.so").write_bytes(b"\x7fELF..GLIBC_2.17..")
    (tmp_path / "in" / "newer.so").write_bytes(b"\x7fELF..GLIBC_2.4\0GLIBC_2.36..")
    (tmp_path / "words.txt").write_bytes(b"GLIBC_2.99")
    assert deb.needed_glibc(tmp_path) == "2.36"


def test_updates_are_named_only_for_what_is_built() -> None:
    built = {
        f"{system.lower()}-{'aarch64' if (system, name) == ('Linux', 'arm64') else name}"
        for system, names in SUPPORTED.items()
        for name in names
    }
    assert set(SYSTEMS.values()) == built
