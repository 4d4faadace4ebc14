"""`serve` alone: other programs read its first line and rely on what it took."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command_line.conftest import SAMPLE, start


def first_line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def finish(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.communicate(timeout=30)


def test_a_service_started_alone_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    first = start(tmp_path, "serve")
    said = first_line(first)
    assert set(said) == {"url", "token"}
    headers = {"Authorization": f"Bearer {said['token']}"}
    made = httpx.post(f"{said['url']}/sessions", json={}, headers=headers).json()
    upload = f"{said['url']}/sessions/{made['session_id']}/audio/audio_0.flac"
    assert httpx.post(upload, content=SAMPLE.read_bytes(), headers=headers).status_code == 200
    first.kill()
    first.communicate(timeout=30)

    second = start(tmp_path, "serve")
    again = first_line(second)
    assert again["token"] != said["token"]
    headers = {"X-API-Key": again["token"]}
    session = f"{again['url']}/sessions/{made['session_id']}"
    ended = httpx.post(f"{session}/end", json={"audio_files_sent": 1}, headers=headers).json()
    assert ended["audio_files"] == ["0.flac"]
    finish(second)
    assert second.returncode == 0


def test_a_token_that_came_on_a_pipe_is_not_told(tmp_path: Path) -> None:
    process = start(tmp_path, "serve", "--token-stdin", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write('{"token": "canary-token"}\n')
    process.stdin.flush()
    said = first_line(process)
    assert set(said) == {"url"}
    headers = {"Authorization": "Bearer canary-token"}
    assert httpx.get(f"{said['url']}/templates", headers=headers).status_code == 200
    out, err = process.communicate(timeout=30)
    assert "canary" not in out + err
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [("--host", "0.0.0.0"), ("--port", "99999")])  # noqa: S104
def test_what_cannot_be_served_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    process = start(tmp_path, "serve", *arguments)
    _, err = process.communicate(timeout=30)
    assert process.returncode in {1, 2}
    assert "Traceback" not in err
    assert err.strip()
