"""A disk of sixteen megabytes that a test can fill and free."""

import contextlib
import resource
import subprocess
from pathlib import Path


class SmallDisk:
    """A disk that can be filled: a small tmpfs where we may mount one, else a limit on files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
        self.is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        self.limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        if not self.is_mounted:
            sizes = [path.stat().st_size for path in self.folder.rglob("*")]
            resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes), self.limits[1]))
            return
        with contextlib.suppress(OSError), (self.folder / "filler").open("wb", 0) as file:
            while file.write(b"\0" * 4096):
                pass

    def free(self) -> None:
        if self.is_mounted:
            (self.folder / "filler").unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)

    def remove(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)
