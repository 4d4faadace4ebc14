"""Says what goes into the installed program, and what of Qt stays out.

Used by `build.spec` on all three systems, so that the list is in one place.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "scribe-desktop"
IDENTIFIER = "org.scribe_desktop.ScribeDesktop"

HIDDEN_IMPORTS = (
    # Found by entry point at run time, so the analysis cannot see them.
    "keyring.backends.SecretService",
    "keyring.backends.Windows",
    "keyring.backends.macOS",
    "keyring.backends.kwallet",
    "keyring.backends.libsecret",
    "keyring.backends.fail",
    # uvicorn chooses these by name.
    "uvicorn.logging",
    "uvicorn.loops.asyncio",
    "uvicorn.lifespan.off",
)

METADATA = ("keyring", "faster-whisper", "wakepy")

EXCLUDES = (
    "tkinter",
    "matplotlib",
    "scipy",
    "PIL",
    "IPython",
    "pytest",
    "hypothesis",
    "mypy",
    "setuptools",
    "pkg_resources",
    "torch",
    "werkzeug",
    "markupsafe",
    "transformers",
    "hf_xet",  # the hub's own transport: 11 MB for a download we make ourselves
    "onnxruntime.quantization",
    "onnxruntime.tools",
    "onnxruntime.transformers",
    "ctranslate2.converters",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtQuickWidgets",
    "PySide6.QtPdf",
    "PySide6.QtVirtualKeyboard",
    "PySide6.QtDesigner",
    "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets",
    "PySide6.QtSql",
    "PySide6.QtTest",
    "PySide6.QtUiTools",
)

_UNUSED_PICTURES = ("gif", "icns", "jpeg", "tga", "tiff", "wbmp", "webp", "pdf")

_UNUSED_PARTS = (
    # The icons are SVG, the program's own picture ICO and PNG.
    *(f"imageformats/libq{kind}." for kind in _UNUSED_PICTURES),
    *(f"imageformats/q{kind}." for kind in _UNUSED_PICTURES),
    "Qt6Qml",
    "Qt6Quick",
    "Qt6VirtualKeyboard",
    "Qt6Pdf",
    "Qt6OpenGLWidgets",
    "Qt6Sql",
    "Qt6Test",
    "opengl32sw",
    "Qt6EglFS",
    "Qt6Eglfs",
    "platforms/libqeglfs",
    "platforms/libqvnc",
    "platforms/libqlinuxfb",
    "platforms/libqminimalegl",
    "platforms/libqvkkhrdisplay",
    "egldeviceintegrations/",
    "platformthemes/libqgtk3",
    "qmltooling/",
    "sqldrivers/",
    "plugins/generic/",
    "plugins/tls/",
    # Of the three for Linux the one that asks NetworkManager; the others need libraries of theirs.
    "networkinformation/libqglib.",
    "networkinformation/libqconnman.",
    "platforms/libqminimal.",
    "hf_xet/",
)

# Compiled for one distribution's plug-in folder or driver: the system's own must be used.
_SYSTEM_OWN = ("libasound.so.2", "libstdc++.so.6", "libgcc_s.so.1", "libGL.so", "libEGL.so")


def wanted(name: str) -> bool:
    """Whether a file belongs into the bundle; `name` is its place there."""
    place = name.replace("\\", "/")
    if any(part in place for part in _UNUSED_PARTS):
        return False
    if "PySide6" in place and "/translations/" in place:
        return any(f"qtbase_{language}." in place for language in ("de", "fr", "es", "ar", "he"))
    return not (sys.platform.startswith("linux") and Path(place).name in _SYSTEM_OWN)


def data_files() -> list[tuple[str, str]]:
    """Resources, licences and the speech models: (file or folder, place in the bundle)."""
    found = [
        (str(path), str(Path("resources") / path.parent.relative_to(ROOT / "resources")))
        for path in sorted((ROOT / "resources").rglob("*"))
        if path.is_file()
    ]
    models = Path(sys.prefix) / "share" / NAME / "models"
    for folder in sorted(path for path in models.iterdir() if path.is_dir()):
        found += [
            (str(path), f"resources/models/{folder.name}")
            for path in sorted(folder.iterdir())
            if not path.name.startswith(".")
        ]
    return found


def version_resource(folder: Path, version: str) -> Path:
    """Windows: what the file's properties show."""
    numbers = tuple(int(part) for part in [*version.split("."), "0"][:4])
    words = {
        "CompanyName": "Scribe Desktop contributors",
        "FileDescription": "Scribe Desktop",
        "FileVersion": version,
        "InternalName": NAME,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{NAME}.exe",
        "ProductName": "Scribe Desktop",
        "ProductVersion": version,
    }
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    text = (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F,"
        " flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)),"
        f" kids=[StringFileInfo([StringTable('040904B0', [{strings}])]),"
        " VarFileInfo([VarStruct('Translation', [1033, 1200])])])"
    )
    path = folder / "version-resource.txt"
    path.write_text(text, "utf-8")
    return path


def info_plist(version: str) -> dict[str, object]:
    """macOS: the texts of the permission questions, the URL scheme, the audio files."""
    return {
        "CFBundleDisplayName": "Scribe Desktop",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "LSApplicationCategoryType": "public.app-category.medical",
        # The oldest that the libraries inside were built for (PyAV's wheels name macOS 14).
        "LSMinimumSystemVersion": "14.0",
        "NSHighResolutionCapable": True,
        "NSMicrophoneUsageDescription": (
            "Scribe Desktop records what you dictate, while the red light is on."
        ),
        "NSAppleEventsUsageDescription": (
            "Scribe Desktop inserts your text into the program you were working in."
        ),
        "CFBundleURLTypes": [
            {"CFBundleURLName": IDENTIFIER, "CFBundleURLSchemes": ["scribe-desktop"]}
        ],
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "Audio recording",
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": ["public.audio"],
            }
        ],
    }


def mac_identity() -> str | None:
    """The signing identity, when one was given."""
    return os.environ.get("SCRIBE_MAC_IDENTITY") or None
