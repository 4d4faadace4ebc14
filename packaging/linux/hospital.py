"""Tries what an IT department relies on, with the installed program in the clean root.

A policy that fixes settings and is seen in the window, a first start without
questions, a service behind a private authority and a proxy, and users of one
computer who see nothing of each other.
"""

import json
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from console import ROOT, SetUpError

from linux import authority
from linux.inside import CleanRoot
from linux.stage import background, hand, photograph, wait_until, windows

POLICY_FILE = "/etc/scribe-desktop/policy.json"
NAME = "scribe.clinic.example"
SAMPLE = "/usr/lib/scribe-desktop/_internal/resources/sample/01_htn.flac"
LOCKED = "Set by your organisation"
_NEWCOMER, _SERVICE = "resident", "service"


def try_all(root: CleanRoot, user: str, other: str) -> None:
    """All of it; raises SetUpError with what was seen where something is not so."""
    _users_keep_apart(root, user, other)
    _a_policy_is_seen(root, user)
    _a_private_authority_and_a_proxy(root)


# --- several users ------------------------------------------------------------------------------


def _users_keep_apart(root: CleanRoot, user: str, other: str) -> None:
    counts = {who: len(_sessions(root, who)) for who in (user, other)}
    if counts != {user: 2, other: 1}:
        raise SetUpError(f"Each user should have their own dictations: {counts}")
    for who, stranger in ((user, other), (other, user)):
        for folder in (".local/share/scribe-desktop", ".config/scribe-desktop"):
            seen = root.run("ls", f"/home/{who}/{folder}", user=stranger, codes=range(1, 256))
            if "Permission denied" not in seen.stderr:
                raise SetUpError(f"{stranger} can look into {who}'s {folder}: {seen.stderr}")
    with background(root.command("scribe-desktop", user=user)):
        wait_until(lambda: bool(windows()), "The window did not open.")
        told = root.run("scribe-desktop", "show", user=other, codes=(1,)).stderr
        if "not open" not in told:
            raise SetUpError(f"{other} reached the window of {user}: {told}")
        root.run("scribe-desktop", "show", user=user)
    root.figures["two users"] = "each has their own dictations, folders and window"


def _sessions(root: CleanRoot, user: str) -> list[object]:
    listed = json.loads(root.run("scribe-desktop", "sessions", "--json", user=user).stdout)
    sessions = listed["sessions"] if isinstance(listed, dict) else listed
    if not isinstance(sessions, list):
        raise SetUpError(f"The list of sessions is no list: {listed}")
    return sessions


# --- policy -------------------------------------------------------------------------------------


def _a_policy_is_seen(root: CleanRoot, user: str) -> None:
    fixed = {"keep_audio_hours": 0, "check_for_updates": False, "first_run_done": True}
    root.write(POLICY_FILE, json.dumps(fixed))
    # Machine over user: what the clinician chose before does not hold any more.
    root.run("sh", "-c", f"echo '{_CHOSEN}' > {_settings_of(user)}", user=user)
    told = json.loads(root.run("scribe-desktop", "doctor", "--json", user=user).stdout)
    said = next(one["message"] for one in told["checks"] if one["name"] == "settings")
    if "3 are fixed by your organisation" not in said:
        raise SetUpError(f"doctor does not tell of the policy: {said}")
    with background(root.command("scribe-desktop", user=user)):
        window = _Window(root, user)
        window.press("push button", "Record", "ctrl+comma")
        window.click("list item", "Privacy")
        window.expect("Delete at once", LOCKED, "Keep transcripts and notes")
        window.must_be("spin button", "Keep recordings", usable=False)
        window.must_be("spin button", "Keep transcripts and notes", usable=True)
        (dialog,) = windows("Settings")
        photograph(dialog, ROOT / "dist" / "policy-window.png")
        window.click("list item", "Updates and network")
        window.expect("Your organisation looks after updates", LOCKED)
        window.must_be("push button", "Look for a newer version now", usable=False)
        window.must_be("check box", "Look once a day", usable=False)
    root.figures["policy"] = "fixed settings are locked in the window, the others are not"
    root.add_user(_NEWCOMER)
    with background(root.command("scribe-desktop", user=_NEWCOMER)):
        wait_until(lambda: bool(windows("Scribe Desktop")), "The window did not open.")
        root.run("scribe-desktop", "show", user=_NEWCOMER)
        if len(windows()) != 1:
            raise SetUpError(
                "The first start asked something although a policy says that it may not."
            )
    root.figures["silent first start"] = "the main window and nothing else"
    root.run("rm", POLICY_FILE)


_CHOSEN = json.dumps({"keep_audio_hours": 48, "first_run_done": True})


def _settings_of(user: str) -> str:
    return f"/home/{user}/.config/scribe-desktop/settings.json"


class _Window:
    """The window of a user, a finger, and a screen reader."""

    def __init__(self, root: CleanRoot, user: str) -> None:
        self._root, self._user = root, user

    def press(self, role: str, name: str, keys: str) -> None:
        """Press keys once the window shows that control."""
        self._place(role, name)
        (main,) = windows("^Scribe Desktop$")
        hand("windowactivate", "--sync", main, "key", keys)

    def click(self, role: str, name: str) -> None:
        """Click the control that a screen reader calls so."""
        hand("mousemove", *self._place(role, name), "click", "1")

    def _place(self, role: str, name: str) -> list[str]:
        found: list[str] = []

        def look() -> bool:
            found[:] = self._root.look(self._user, "place", role, name).split()
            return bool(found)

        wait_until(look, f"The screen reader finds no {role} “{name}”.")
        return found

    def expect(self, *sentences: str) -> None:
        """Wait until the window shows all of them."""
        shown = ""

        def look() -> bool:
            nonlocal shown
            shown = self._root.look(self._user, "texts")
            return all(sentence in shown for sentence in sentences)

        wait_until(look, f"The window does not show {sentences}.")

    def must_be(self, role: str, name: str, *, usable: bool) -> None:
        """A control is locked, or it is not."""
        said = self._root.look(self._user, "usable", role, name)
        if said != ("yes" if usable else "no"):
            raise SetUpError(f"The {role} “{name}” can be used: {said or 'not found'}")


# --- private authority and proxy ------------------------------------------------------------------


def _a_private_authority_and_a_proxy(root: CleanRoot) -> None:
    """A service that only a proxy can find, whose authority only this hospital knows."""
    made = authority.issue(NAME)
    root.add_user(_SERVICE)
    for name, content in (
        ("authority.crt", made.authority),
        ("service.crt", made.certificate),
        ("service.key", made.key),
    ):
        root.write(f"/srv/{name}", content)
    with _service(root) as (port, token), _Proxy(port) as proxy:
        policy = {
            "service": "Clinic",
            "profiles": [
                {
                    "name": "Clinic",
                    "base_url": f"https://{NAME}:{port}/voice/v1",
                    "dialect": "onprem",
                }
            ],
            "proxy": f"http://127.0.0.1:{proxy.port}",
            "first_run_done": True,
        }
        root.write(POLICY_FILE, json.dumps(policy))
        ask = ("scribe-desktop", "templates", "--json")
        refused = root.run(
            *ask, user=_NEWCOMER, codes=range(1, 256), SCRIBE_DESKTOP_TOKEN=token
        ).stderr
        if "prove" not in refused and "certificate" not in refused:
            raise SetUpError(f"An unknown authority was not refused as such: {refused}")
        root.run("cp", "/srv/authority.crt", "/usr/local/share/ca-certificates/clinic.crt")
        root.run("update-ca-certificates")
        said = root.run(
            *("scribe-desktop", "dictate", "--file", SAMPLE, "--json"),
            user=_NEWCOMER,
            SCRIBE_DESKTOP_TOKEN=token,
        )
        result = json.loads(said.stdout)
        if result["status"] != "completed" or "hypertension" not in result["transcript"].lower():
            raise SetUpError(f"The clinic's service did not answer as it should: {result}")
        if not proxy.asked or set(proxy.asked) != {f"{NAME}:{port}"}:
            raise SetUpError(f"The proxy was asked for {sorted(set(proxy.asked))}")
    root.run("rm", "-r", str(Path(POLICY_FILE).parent))
    root.figures["private authority and proxy by policy"] = (
        "refused before the computer trusted it; then dictated through the proxy"
    )


@contextmanager
def _service(root: CleanRoot) -> Iterator[tuple[int, str]]:
    """The clinic's service: ours, over TLS, started alone; its port and its token."""
    command = root.command(
        # For other computers: on its own address alone it would listen to no other name.
        *("scribe-desktop", "serve", "--host", "0.0.0.0", "--name", NAME),  # noqa: S104
        *("--certificate", "/srv/service.crt", "--certificate-key", "/srv/service.key"),
        user=_SERVICE,
    )
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as service:
        try:
            if service.stdout is None:
                raise SetUpError("The clinic's service has no output.")
            line = json.loads(service.stdout.readline() or "{}")
            if "url" not in line:
                raise SetUpError("The clinic's service did not start.")
            yield int(line["url"].rstrip("/").rpartition(":")[2].partition("/")[0]), line["token"]
        finally:
            service.terminate()


class _Proxy:
    """A proxy that knows the way to one place; `asked` is what it was asked for."""

    def __init__(self, target: int) -> None:
        self.asked: list[str] = []
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(4096)
                if not block:
                    return
                head += block
            self.asked.append(head.split()[1].decode("ascii", "replace"))
            with socket.create_connection(("127.0.0.1", self._target)) as service:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _join(client, service)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side hangs up."""
    way = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(way), [], [])
        for end in ready:
            try:
                block = end.recv(1 << 16)
                way[end].sendall(block)
            except OSError:
                return
            if not block:
                return
