"""Where the program keeps its files: one private folder for each purpose.

Where the system says, or all under `SCRIBE_DESKTOP_HOME`, which makes a
second, wholly separate home (a test, a portable stick, a second clinician).
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from scribe_desktop.domain.errors import DiskFull

HOME_VARIABLE = "SCRIBE_DESKTOP_HOME"

_NAME = "scribe-desktop"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of this user; each exists and is readable by its owner only.

    `home` is the one folder that holds them all when the user chose one.
    """

    data: Path
    config: Path
    cache: Path
    logs: Path
    home: Path | None = None

    @property
    def spool(self) -> Path:
        """The folder of the durable store."""
        return self.data / "spool"

    @property
    def service(self) -> Path:
        """The folder of the local service's own store."""
        return self.data / "service"

    @property
    def control(self) -> Path:
        """The folder of the lock and the private socket."""
        return self.data / "control"

    @property
    def keyring_name(self) -> str:
        """The name of this home in the system keyring: two homes never share a key."""
        if self.home is None:
            return _NAME
        return f"{_NAME} {hashlib.sha256(str(self.home).encode()).hexdigest()[:12]}"


def find_places(environ: Mapping[str, str] = os.environ) -> Places:
    """The folders of this user, made if they are not there; raises DiskFull."""
    chosen = environ.get(HOME_VARIABLE)
    if chosen:
        home = Path(chosen).expanduser().resolve()
        places = Places(home / "data", home / "config", home / "cache", home / "logs", home=home)
    else:
        import platformdirs  # 10 ms that `toggle` need not pay in a chosen home

        places = Places(
            platformdirs.user_data_path(_NAME, appauthor=False),
            platformdirs.user_config_path(_NAME, appauthor=False),
            platformdirs.user_cache_path(_NAME, appauthor=False),
            platformdirs.user_log_path(_NAME, appauthor=False),
        )
    try:
        for folder in (places.data, places.config, places.cache, places.logs):
            make_private(folder)
    except OSError as error:
        raise DiskFull(
            "The disk of this computer is full or cannot be written, so Scribe Desktop cannot "
            "start. What was recorded before is not touched.",
            "Free some space, or have the disk made writable, then start again.",
        ) from error
    return places


def make_private(folder: Path) -> None:
    """Create the folder durably, readable by its owner only.

    On Windows the profile's own access list already says so.
    """
    made = list(takewhile(lambda one: not one.exists(), (folder, *folder.parents)))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    for one in made:
        # What is synced in a folder that a power cut takes away is lost with it.
        _settle(one.parent)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once and durably, readable by its owner only.

    A crash leaves the old file or the new one, never half of it.
    """
    # mkstemp makes the file owner-only from its first moment.
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Make the names in a folder durable, too; where a system has no word for that, it is."""
    if os.name != "posix":
        return
    # Some network file systems refuse it; the content of the file is durable there all the same.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
