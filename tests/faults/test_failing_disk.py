"""The program on a disk of its own that hangs, and on one that fails.

Needs root, loop devices and ext4, which not every machine that runs the tests
has: `packaging/test.py` says where they are missing. What the program does then
is tested everywhere with a scripted store (`services/test_slow_disk.py`,
`services/test_spool_faults.py`).
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from disks import NEEDED, can_have_a_disk

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.session import Delivery
from scribe_desktop.exits import Exit
from tests.faults.leaving_home import ASKED, Home, heard_until, says
from tests.faults.tally import Tally
from tests.faults.test_disk import all_was_kept, mounted, says_at_once, unmount

pytestmark = pytest.mark.skipif(not can_have_a_disk(), reason=f"not run: {NEEDED}")


class Disk:
    """An image of a disk with a real file system, mounted where the program keeps its files."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self._folder = folder
        with image.open("wb") as file:
            file.truncate(48 << 20)
        # Without a journal: what the kernel's own thread writes is no matter here.
        _run("mkfs.ext4", "-q", "-O", "^has_journal", str(image))
        folder.mkdir()
        self.mount()

    def mount(self) -> None:
        options = "loop,errors=remount-ro"
        assert mounted("-o", options, str(self._image), str(self._folder)), "needs root"

    def hang(self) -> None:
        """Every write from now on waits; nothing is refused."""
        _run("fsfreeze", "-f", str(self._folder))

    def answer(self) -> None:
        _run("fsfreeze", "-u", str(self._folder))

    def fail(self) -> None:
        """A bad block, as the kernel sees it: the file system is read-only from now on."""
        _run("sync", "-f", str(self._folder))
        (loop,) = _run("losetup", "-j", str(self._image)).split(":")[:1]
        Path(f"/sys/fs/ext4/{Path(loop).name}/trigger_fs_error").write_text("test")

    def repair(self) -> None:
        """What an administrator does: copy what is there to a good disk, check it, mount that."""
        unmount(self._folder)
        # The program still holds files of the bad one, so the kernel would not let it go.
        self._image = shutil.copyfile(self._image, self._image.with_suffix(".good"))
        done = subprocess.run(["e2fsck", "-fy", self._image], capture_output=True, check=False)
        assert done.returncode in {0, 1}, done.stdout
        self.mount()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture
def disk_and_home(tmp_path: Path) -> Iterator[tuple[Disk, Home]]:
    home = Home(tmp_path / "user")
    folder = home.folder / "home"
    disk = Disk(tmp_path / "disk.img", folder)
    # A process that waits for a frozen disk cannot be killed: nothing may leave it so.
    rescue = subprocess.Popen(
        ["sh", "-c", f"read x; fsfreeze -u '{folder}'"], stdin=subprocess.PIPE
    )
    yield disk, home
    rescue.communicate(b"\n")
    unmount(folder)


def test_a_disk_that_hangs_while_someone_speaks_costs_nothing(
    disk_and_home: tuple[Disk, Home], tally: Tally
) -> None:
    disk, home = disk_and_home
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 1.0)
        disk.hang()
        try:
            # Said while it hangs, and the microphone is heard all the while.
            says_at_once(process, "does not answer", time.monotonic())
            heard_until(home, home.heard_frames() / SAMPLE_RATE + 2.0)
        finally:
            disk.answer()
        says(process, "safe on disk again")
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    all_was_kept(home, tally)
    assert home.session().delivery is Delivery.RESOLVED
    tally.tried()
    tally.completed()


def test_a_file_system_that_fails_and_is_repaired_while_someone_speaks_costs_nothing(
    disk_and_home: tuple[Disk, Home], tally: Tally
) -> None:
    disk, home = disk_and_home
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 1.0)
        disk.fail()
        # Read-only from one moment to the next, with files open on it.
        says_at_once(process, "takes nothing", time.monotonic())
        heard_until(home, home.heard_frames() / SAMPLE_RATE + 1.0)
        disk.repair()
        says(process, "safe on disk again")
        _, err = process.communicate(timeout=60)
    if process.returncode:
        # The service of this computer had its store on that disk too: it said "later", and
        # is started anew with the program.
        assert process.returncode == Exit.UNREACHABLE, err
        assert home.done("deliver", "--json").returncode == 0
    all_was_kept(home, tally)
    assert home.session().delivery is Delivery.RESOLVED
    tally.tried()
    tally.completed()
