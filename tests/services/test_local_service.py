"""The child process is started, watched, started again and never left behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.services import local_service
from scribe_desktop.services.frugality import BEHIND
from scribe_desktop.services.local_service import (
    KILL_LIMIT_S,
    STOP_LIMIT_S,
    Health,
    LocalService,
)
from scribe_desktop.services.logs import LINE_KEYS

SCRIPTED = [sys.executable, "-m", "tests.server.scripted_host", "--token-stdin"]
KEY = bytes(range(32))


def make(
    folder: Path, command: list[str], changed: Callable[[Health], None] = lambda _: None
) -> LocalService:
    return LocalService(
        folder / "service",
        lambda: KEY,
        log_file=folder / "log" / "service.log",
        command=command,
        changed=changed,
    )


def test_the_service_is_started_reached_and_stopped_in_time(tmp_path: Path) -> None:
    service = make(tmp_path, SCRIPTED)
    service.start()
    url, token = service.address()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{url}/templates", headers=headers).status_code == 200
    assert service.health is Health.READY
    child = service._child
    assert child is not None
    if sys.platform != "win32":
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(ours + BEHIND, 19)
        threads = [int(one.name) for one in Path(f"/proc/{child.pid}/task").glob("*")]
        assert {os.getpriority(os.PRIO_PROCESS, one) for one in threads} <= {min(ours + BEHIND, 19)}
    before = time.monotonic()
    service.stop()
    assert time.monotonic() - before < STOP_LIMIT_S + 2 * KILL_LIMIT_S + 1.0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/templates")
    with pytest.raises(ServiceError):
        service.address(timeout_s=0.01)


def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    service = make(tmp_path, SCRIPTED)
    service.start()
    url, token = service.address()
    child = service._child
    assert child is not None
    child.kill()
    child.wait(20)
    with service._state:
        assert service._state.wait_for(
            lambda: service._address is not None and service._address.token != token, 20
        )
    again, new_token = service.address()
    assert again != url or new_token != token
    headers = {"Authorization": f"Bearer {new_token}"}
    assert httpx.get(f"{again}/templates", headers=headers).status_code == 200
    service.stop()


def test_a_command_that_does_not_speak_is_a_sentence_and_tried_again(tmp_path: Path) -> None:
    seen: list[Health] = []
    service = make(tmp_path, [sys.executable, "-c", "print('hello')"], seen.append)
    service.start()
    with service._state:
        assert service._state.wait_for(lambda: service._health is Health.RESTARTING, 20)
    with pytest.raises(ServiceError, match="recording is safe"):
        service.address(timeout_s=0.01)
    service.stop()
    assert Health.READY not in seen


HANGS = """
import json, socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/voice/v1"}), flush=True)
threading.Event().wait()
"""


def test_a_service_that_hangs_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.services.local_service._PROBE_S", 0.05)
    seen: SimpleQueue[Health] = SimpleQueue()
    service = make(tmp_path, [sys.executable, "-c", HANGS], seen.put)
    service.start()
    told = [seen.get(timeout=30) for _ in range(4)]
    service.stop()
    assert told == [Health.STARTING, Health.READY, Health.RESTARTING, Health.READY]


def test_a_service_that_answers_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: SimpleQueue[bool] = SimpleQueue()
    answers = local_service._answers

    def told(base_url: str) -> bool:
        monkeypatch.setattr(local_service, "_PROBE_S", 20.0)
        asked.put(answers(base_url))
        return True

    monkeypatch.setattr(local_service, "_PROBE_S", 0.01)
    monkeypatch.setattr(local_service, "_answers", told)
    service = make(tmp_path, SCRIPTED)
    service.start()
    address = service.address()
    assert asked.get(timeout=30)
    assert service.address() == address
    service.stop()


SHOWS_TOKEN = """
import json, os, sys
sys.stderr.write(json.dumps({"event": f"token{'SCRIBE_DESKTOP_TOKEN' in os.environ}"}))
"""


def test_the_token_of_the_user_is_not_given_to_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIBE_DESKTOP_TOKEN", "canary")
    service = make(tmp_path, [sys.executable, "-c", SHOWS_TOKEN])
    service.start()
    with service._state:
        service._state.wait_for(lambda: service._health is Health.RESTARTING, 20)
    service.stop()
    assert "tokenFalse" in (tmp_path / "log" / "service.log").read_text()


TALKS = """
import json, sys
for number in range(6000):
    sys.stderr.write(json.dumps({"at": 1.0, "event": "x" * 300, "where": [str(number)]}) + "\\n")
sys.stderr.write('{"event": "", "patient": "Kanaria"}\\n"Kanaria"\\nKanaria\\n' + "Kanaria" * 9000)
sys.stderr.write("\\n")
json.loads("Kanaria")
"""


def test_whatever_the_child_says_the_log_is_structured_and_rotates(tmp_path: Path) -> None:
    over = threading.Event()
    service = make(
        tmp_path,
        [sys.executable, "-c", TALKS],
        lambda health: over.set() if health is Health.RESTARTING else None,
    )
    service.start()
    assert over.wait(20)
    service.stop()
    logs = list((tmp_path / "log").glob("service.log*"))
    assert len(logs) == 3
    written = "".join(path.read_text() for path in logs)
    assert "Kanaria" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert all("event" in line and line.keys() <= LINE_KEYS for line in lines)
    assert max(path.stat().st_size for path in logs) <= local_service._LOG_BYTES
    assert [line["where"] for line in lines if line.get("from") == "stderr" and "where" in line]


@pytest.mark.skipif(os.name != "posix", reason="counts processes by their parent on POSIX")
def test_a_killed_program_leaves_no_service_behind(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, threading\n"
        "from tests.services.test_local_service import make, SCRIPTED\n"
        "service = make(pathlib.Path(sys.argv[1]), SCRIPTED)\n"
        "service.start()\n"
        "service.address()\n"
        "print(service._child.pid, flush=True)\n"
        "threading.Event().wait()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        # A pipe that the child holds open until it ends would do, but it has only its own.
        handle = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
        parent.send_signal(signal.SIGKILL)
        parent.wait(20)
    if handle is not None:
        import select

        ready, _, _ = select.select([handle], [], [], 20)
        os.close(handle)
        assert ready
