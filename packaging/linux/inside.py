"""An empty Debian, who works in it, and the session that a desktop gives a user there."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console import ROOT, SetUpError, run_logged, say

from linux.stage import DISPLAY, background, wait_until

SUITE = "bookworm"
CACHE = ROOT / "build" / f"{SUITE}-minbase.tar"
# What a desktop of that system has anyway: a bus, a keyring, a way for screen readers.
SESSION_PACKAGES = ("dbus", "gnome-keyring", "at-spi2-core")
READER = ROOT / "tests" / "live" / "screen_reader.py"
_LIMIT_S = 180


@dataclass
class CleanRoot:
    """An empty Debian and what is told about it. `variables` are those of each user's session."""

    path: Path
    figures: dict[str, float | int | str] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(
        self, *command: str, user: str = "root", codes: Sequence[int] = (0,), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run inside, with nothing of the caller's environment."""
        done = subprocess.run(
            self.command(*command, user=user, **variables),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_LIMIT_S,
        )
        if done.returncode not in codes:
            raise SetUpError(
                f"In the clean root, “{' '.join(command)}” ended with {done.returncode}:\n"
                f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        return done

    def command(self, *command: str, user: str = "root", **more: str) -> list[str]:
        """The command line that runs `command` inside as `user`."""
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "DISPLAY": DISPLAY,
            "PULSE_SERVER": "unix:/tmp/sound/native",
            "XDG_RUNTIME_DIR": f"/run/user-{user}",
            **self.variables.get(user, {}),
            **more,
        }
        pairs = [f"{name}={value}" for name, value in variables.items()]
        who = [] if user == "root" else [f"--userspec={user}:{user}"]
        return ["chroot", *who, str(self.path), "env", "-i", *pairs, *command]

    def add_user(self, user: str) -> None:
        """Somebody who works on this computer and is no administrator."""
        self.run("useradd", "--create-home", user)
        self.run("install", "-d", "-o", user, "-m", "700", f"/run/user-{user}")

    def write(self, place: str, content: str, mode: int = 0o644) -> None:
        """A file of the administrator's."""
        file = self.path / place.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
        file.chmod(mode)

    def look(self, user: str, *question: str) -> str:
        """What a screen reader of that user is told; it runs outside, where there is a Python."""
        identity = self.run("id", "-u", user).stdout.strip()
        buses = sorted((self.path / f"run/user-{user}/at-spi").glob("bus*"))
        if not buses:
            return ""
        done = subprocess.run(
            [
                *("setpriv", f"--reuid={identity}", f"--regid={identity}", "--clear-groups"),
                *("/usr/bin/python3", "-", *question),
            ],
            check=False,
            input=READER.read_text("utf-8"),
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "AT_SPI_BUS_ADDRESS": f"unix:path={buses[0]}",
                "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.path}/run/user-{user}/bus",
                "DISPLAY": DISPLAY,
            },
            timeout=_LIMIT_S,
        )
        return done.stdout.strip()


def make(root: CleanRoot) -> None:
    """Unpack an empty Debian; the first time, fetch one."""
    root.path.mkdir(parents=True)
    if not CACHE.exists():
        say("Making an empty Debian (half a minute) …")
        fresh = root.path.with_name("fresh")
        run_logged(
            ["debootstrap", "--variant=minbase", SUITE, str(fresh)],
            "debootstrap could not make an empty Debian. What it said:",
        )
        CACHE.parent.mkdir(exist_ok=True)
        run_logged(["tar", "-C", str(fresh), "-cf", str(CACHE), "."], "tar failed:")
        shutil.rmtree(fresh)
    run_logged(["tar", "-C", str(root.path), "-xf", str(CACHE)], "tar failed:")
    shutil.copy("/etc/resolv.conf", root.path / "etc" / "resolv.conf")


@contextmanager
def mounted(root: CleanRoot) -> Iterator[None]:
    """With /proc and /dev."""
    done = []
    try:
        for words, place in ((("-t", "proc", "proc"), "proc"), (("--rbind", "/dev"), "dev")):
            target = str(root.path / place)
            subprocess.run(["mount", *words, target], check=True)
            done.append(target)
        yield
    finally:
        for target in reversed(done):
            subprocess.run(["umount", "--recursive", "--lazy", target], check=False)


@contextmanager
def desktop_session(root: CleanRoot, user: str) -> Iterator[None]:
    """A bus, an open keyring and a way for screen readers, as after a login at a desktop."""
    root.run("apt-get", "install", "-qy", "--no-install-recommends", *SESSION_PACKAGES)
    runtime = root.path / f"run/user-{user}"
    address = f"unix:path=/run/user-{user}/bus"
    root.variables[user] = {
        "DBUS_SESSION_BUS_ADDRESS": address,
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    }
    bus = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
    with background(root.command(*bus, user=user)):
        wait_until((runtime / "bus").exists, "The session bus did not start.")
        # The login opens the keyring with the password that was typed there.
        root.write("/srv/typed-at-login", "a password")
        keyring = (
            "exec gnome-keyring-daemon --foreground --unlock --components=secrets"
            " </srv/typed-at-login"
        )
        reading = ["/usr/libexec/at-spi-bus-launcher", "--launch-immediately"]
        with (
            background(root.command("sh", "-c", keyring, user=user)),
            background(root.command(*reading, user=user)),
        ):
            wait_until(
                lambda: _is_on_bus(root, user, "org.freedesktop.secrets"), "No keyring was opened."
            )
            yield
    del root.variables[user]


def _is_on_bus(root: CleanRoot, user: str, name: str) -> bool:
    asked = root.run(
        *("dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus"),
        *("/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}"),
        user=user,
        codes=(0, 1),
    )
    return "true" in asked.stdout
