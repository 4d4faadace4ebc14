"""Reads what the IT department fixed for this computer, from where each system keeps such things.

Linux: `/etc/scribe-desktop/policy.json`. Windows: the registry key that group
policies write. macOS: the managed preferences that a profile installs. A
clinician without administrator rights can write none of the three.
"""

import json
import logging
import plistlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scribe_desktop.domain.policy import Policy, read_policy

LINUX_FILE = Path("/etc/scribe-desktop/policy.json")
MAC_FILE = Path("/Library/Managed Preferences/org.scribe_desktop.ScribeDesktop.plist")
WINDOWS_KEY = r"SOFTWARE\Policies\Scribe Desktop"

# These hold a structure, which a registry or a profile carries as JSON text.
_STRUCTURED = frozenset({"profiles", "device_buttons", "insertion_by_program"})

log = logging.getLogger(__name__)


def machine_policy(system: str = sys.platform) -> Policy:
    """The policy of this computer; an empty one where there is none."""
    if system == "win32":
        return read_policy(_with_structures(_registry_values()))
    if system == "darwin":
        return policy_from(MAC_FILE)
    return policy_from(LINUX_FILE)


def policy_from(file: Path) -> Policy:
    """The policy in a JSON file or a property list.

    One that cannot be read fixes nothing, but is never passed over in
    silence: the program says so at every start until it is mended.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Policy()
    except OSError:
        return _unreadable()
    if not _only_administrators_write(file):
        log.warning("policy ignored: writable by others")
        return Policy(
            complaints=(
                "The policy of this computer can be changed by any user, so it is not followed.",
            )
        )
    try:
        record = plistlib.loads(content) if file.suffix == ".plist" else json.loads(content)
    except (ValueError, RecursionError, plistlib.InvalidFileException):
        return _unreadable()
    if not isinstance(record, dict) or not all(isinstance(name, str) for name in record):
        return _unreadable()
    return read_policy(_with_structures(record))


def _unreadable() -> Policy:
    log.warning("policy cannot be read")
    return Policy(
        complaints=(
            "The policy of this computer cannot be read, so nothing is locked: tell your IT.",
        )
    )


def _only_administrators_write(file: Path) -> bool:
    """Whether nobody but its owner can change the file; the system folder protects the rest."""
    return not file.stat().st_mode & 0o022


def _with_structures(record: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(record)
    for name in _STRUCTURED & set(values):
        if isinstance(values[name], str):
            try:
                values[name] = json.loads(values[name])
            except ValueError:
                values[name] = None  # read_policy says that the value cannot be had
    return values


if sys.platform == "win32":
    import winreg

    def _registry_values() -> dict[str, Any]:
        values: dict[str, Any] = {}
        try:
            # A 32-bit view would hide what a 64-bit group policy wrote.
            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, WINDOWS_KEY, 0, access) as key:
                for number in range(winreg.QueryInfoKey(key)[1]):
                    name, value, _ = winreg.EnumValue(key, number)
                    values[name] = value
        except FileNotFoundError:
            return {}
        except OSError:
            log.warning("policy key cannot be read")
        return values

else:

    def _registry_values() -> dict[str, Any]:
        return {}
