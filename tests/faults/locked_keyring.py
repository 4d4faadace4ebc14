"""A keyring in a file, locked or silent while another file says so; for programs of tests."""

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

FILE_VARIABLE = "TEST_KEYRING_FILE"
LOOK_S = 0.05


class Keyring(KeyringBackend):
    """`<file>.locked` locks it; with `<file>.silent` it waits for somebody who types a password."""

    priority = 1.0

    def _entries(self) -> dict[str, str]:
        file = Path(os.environ[FILE_VARIABLE])
        while file.with_suffix(".silent").exists():
            threading.Event().wait(LOOK_S)
        if file.with_suffix(".locked").exists():
            raise KeyringLocked
        entries: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return entries

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        entries = self._entries() | {f"{service}/{username}": password}
        Path(os.environ[FILE_VARIABLE]).write_text(json.dumps(entries))

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        del entries[f"{service}/{username}"]
        Path(os.environ[FILE_VARIABLE]).write_text(json.dumps(entries))
