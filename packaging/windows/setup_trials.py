"""Tries the set-up program as an IT department uses it: update, for everyone, removal of data."""

import time
from pathlib import Path

from console import SetUpError
from linux.stage import background, wait_until
from linux.stage import windows as windows_on_screen

from windows.wine_root import Wine

KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\ScribeDesktop"
OWN = r"C:\users\root\AppData\Local\Programs\Scribe Desktop"
SHARED = r"C:\Program Files\Scribe Desktop"
VIEW = "/reg:64"
"""What a 64-bit program wrote for the whole computer; Wine's tools look at the other half."""

OPEN = 5
"""What the set-up ends with when the program is open."""


def local(wine: Wine) -> Path:
    """%LOCALAPPDATA% of the user, seen from outside."""
    return wine.root / "wine" / "drive_c" / "users" / "root" / "AppData" / "Local"


def outside(wine: Wine, inside: str) -> Path:
    """A place of drive C: seen from outside."""
    return wine.root / "wine" / "drive_c" / inside.removeprefix("C:\\").replace("\\", "/")


def install(wine: Wine, setup: Path, *mode: str) -> float:
    """Run the set-up silently; how long it took."""
    began = time.monotonic()
    wine.run(rf"Z:\work\installers\{setup.name}", "/S", *mode)
    return time.monotonic() - began


def uninstall(wine: Wine, place: str, *mode: str) -> int:
    """Run the uninstaller silently and in place, to be waited for; what it ended with."""
    # The place comes last and without quotation marks, which only a batch file can promise.
    script = wine.shared / "uninstall.bat"
    words = " ".join(("/S", *mode, f"_?={place}"))
    script.write_text(f'@"{place}\\uninstall.exe" {words}\r\n@exit /b %errorlevel%\r\n', "utf-8")
    return wine.code("cmd", "/c", r"Z:\work\uninstall.bat")


def try_update(wine: Wine, older: Path, newer: Path) -> None:
    """Install an older version and then ours over it; nothing of the old one may linger."""
    install(wine, older, "/CurrentUser")
    _expect_version(wine, "HKCU", older)
    left_over = outside(wine, OWN) / "_internal" / "of-the-old-version.txt"
    left_over.write_text("", "utf-8")
    kept = local(wine) / "scribe-desktop" / "kept.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("a dictation", "utf-8")
    took = install(wine, newer, "/CurrentUser")
    _expect_version(wine, "HKCU", newer)
    if left_over.exists() or not kept.exists():
        raise SetUpError("The update left old parts behind, or took recordings with it.")
    wine.note("update over an older version, silent", f"{took:.0f} s; one entry, recordings kept")


def try_while_open(wine: Wine, setup: Path) -> None:
    """An update and a removal while the program is open change nothing and say so."""
    program = outside(wine, OWN) / "_internal"
    with background(wine.command(rf"{OWN}\Scribe Desktop.exe")):
        wait_until(lambda: bool(windows_on_screen()), "The window did not open in Wine.")
        codes = (
            wine.code(rf"Z:\work\installers\{setup.name}", "/S", "/CurrentUser"),
            uninstall(wine, OWN, "/CurrentUser"),
        )
        if codes != (OPEN, OPEN) or not program.is_dir():
            raise SetUpError(f"Set-up and removal of the open program ended with {codes}.")
    wine.note("update and removal while the program is open", "refused, nothing changed")


def try_removal(wine: Wine) -> None:
    """Removing keeps the recordings, and what was set to start with the system goes."""
    autostart = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
    wine.run("reg", "add", autostart, "/v", "scribe-desktop", "/d", "x", "/f")
    _expect_success(uninstall(wine, OWN, "/CurrentUser"))
    _expect_gone(wine, OWN, "HKCU")
    if wine.code("reg", "query", autostart, "/v", "scribe-desktop") == 0:
        raise SetUpError("The removed program would still start with the system.")
    if not (local(wine) / "scribe-desktop").exists():
        raise SetUpError("The silent uninstaller deleted the recordings.")
    wine.note("uninstall, silent", "program gone, recordings kept")


def try_for_everyone(wine: Wine, setup: Path) -> None:
    """Install for all users, run, and remove together with the data of this one."""
    took = install(wine, setup, "/AllUsers")
    _expect_version(wine, "HKLM", setup)
    if not outside(wine, SHARED).joinpath("Scribe Desktop.exe").exists():
        raise SetUpError("The set-up for all users did not install into Program Files.")
    version = wine.run(rf"{SHARED}\scribe-desktop.exe", "--version").strip()
    wine.note("set-up, silent, all users", f"{took:.0f} s into Program Files, {version}")
    _expect_success(uninstall(wine, SHARED, "/AllUsers", "/DeleteData"))
    _expect_gone(wine, SHARED, "HKLM")
    if (local(wine) / "scribe-desktop").exists():
        raise SetUpError("The uninstaller was told to delete the recordings and did not.")
    wine.note("uninstall, silent, /DeleteData", "program and this user's recordings gone")


def _expect_success(code: int) -> None:
    if code != 0:
        raise SetUpError(f"The uninstaller ended with {code}.")


def _expect_version(wine: Wine, hive: str, setup: Path) -> None:
    told = wine.run("reg", "query", rf"{hive}\{KEY}", "/v", "DisplayVersion", VIEW)
    version = setup.name.split("-")[1]
    if version not in told:
        raise SetUpError(f"The registry names another version than {version}: {told}")


def _expect_gone(wine: Wine, place: str, hive: str) -> None:
    folder = outside(wine, place)
    left = [path.name for path in folder.glob("*")] if folder.exists() else []
    # Run in place (`_?=`, to be waited for), an uninstaller cannot delete itself.
    if left not in ([], ["uninstall.exe"]):
        raise SetUpError(f"The uninstaller left behind: {left}")
    if wine.code("reg", "query", rf"{hive}\{KEY}", VIEW) == 0:
        raise SetUpError("The uninstaller left its entry in the list of programs.")
