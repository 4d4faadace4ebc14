"""Whether this computer can have disks of the tests' own, which hang or fail when they are told to.

That needs root, loop devices, ext4 and its tools. Not every machine that runs
the tests has them, and where they are missing it is said and not passed over.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

NEEDED = "they need root, loop devices and ext4"

_TOOLS = ("mkfs.ext4", "e2fsck", "fsfreeze", "losetup", "mount", "umount")
_SMALL_BYTES = 8 << 20


def can_have_a_disk() -> bool:
    """Tried and not guessed: a container may show loop devices that nobody may use."""
    if os.name != "posix" or os.geteuid() != 0 or not all(map(shutil.which, _TOOLS)):
        return False
    with tempfile.TemporaryDirectory(prefix="scribe-disk-") as scratch:
        image, folder = Path(scratch, "image"), Path(scratch, "disk")
        image.write_bytes(b"")
        os.truncate(image, _SMALL_BYTES)
        folder.mkdir()
        if not _works("mkfs.ext4", "-q", str(image)):
            return False
        if not _works("mount", "-o", "loop", str(image), str(folder)):
            return False
        can_fail = any(Path("/sys/fs/ext4").glob("loop*/trigger_fs_error"))
        return _works("umount", str(folder)) and can_fail


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
