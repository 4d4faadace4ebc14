"""A keyring in a file that is locked while another file says so; for programs started by tests."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

FILE_VARIABLE = "TEST_KEYRING_FILE"


class Keyring(KeyringBackend):
    """`<file>.locked` locks it."""

    priority = 1.0

    def _entries(self) -> dict[str, str]:
        file = Path(os.environ[FILE_VARIABLE])
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
