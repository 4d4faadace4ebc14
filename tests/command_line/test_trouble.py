"""What cannot be done is said in a sentence, with an exit code, and nothing is lost."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.command_line.conftest import SAMPLE, Ran, Scribe, finish, start


def assert_a_sentence(ran: Ran) -> None:
    assert "Traceback" not in ran.err
    assert ran.err.strip()
    assert len(ran.err.strip().splitlines()) <= 4


@pytest.mark.parametrize("content", [b"", b"this is no audio", bytes(range(256)) * 64])
def test_a_file_without_audio(scribe: Scribe, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "canary-name.wav"
    path.write_bytes(content)
    ran = scribe("dictate", "--file", str(path), "--json")
    assert ran.exit_code == 1
    assert_a_sentence(ran)
    assert ran.record("dictation")["error"]["message"]
    assert "canary-name" not in ran.err


def test_no_such_file(scribe: Scribe) -> None:
    ran = scribe("dictate", "--file", "nowhere.wav", "--json")
    assert ran.exit_code == 1
    assert_a_sentence(ran)
    assert ran.record("dictation")["status"] == "failed"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("dictate", "--model", "huge"),
        ("dictate", "--file", "a", "--mic", "b"),
        ("dictate", "--patient-json", "nowhere.json"),
        ("export", "last", "--format", "pdf"),
    ],
)
def test_wrong_usage(scribe: Scribe, arguments: tuple[str, ...]) -> None:
    ran = scribe(*arguments)
    assert ran.exit_code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_nothing_is_open(scribe: Scribe) -> None:
    ran = scribe("toggle")
    assert ran.exit_code == 1
    assert "not open" in ran.err


def test_no_such_dictation(scribe: Scribe) -> None:
    ran = scribe("show", "ses_f00")
    assert ran.exit_code == 1
    assert_a_sentence(ran)


def test_no_microphone(scribe: Scribe) -> None:
    ran = scribe("dictate", "--mic", "--seconds", "1", "--json")
    assert ran.exit_code in (1, 3)
    assert_a_sentence(ran)
    ran.record("dictation")


class _Html(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html><script>alert(1)</script>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the library's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def html_service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Html)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/voice/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_that_answers_html(scribe: Scribe, html_service: str) -> None:
    ran = scribe("dictate", "--file", str(SAMPLE), "--service", html_service, "--json")
    assert ran.exit_code in (1, 4)
    assert_a_sentence(ran)
    record = ran.record("dictation")
    assert record["status"] == "waiting"
    assert record["chunks"] > 0
    assert "<" not in record["error"]["message"]


def test_an_unreachable_service_keeps_the_recording(tmp_path: Path) -> None:
    home = tmp_path / "home"
    nowhere = "http://127.0.0.1:9/voice/v1"
    token = {"SCRIBE_DESKTOP_TOKEN": "canary-token"}
    ran = finish(
        start(
            home,
            *("dictate", "--file", str(SAMPLE), "--service", nowhere, "--json"),
            env=token,
        )
    )
    assert ran.exit_code == 4, ran.err
    record = ran.record("dictation")
    assert record["status"] == "waiting"
    assert record["chunks"] > 0
    sealed = [one["sha256"] for one in record["receipts"]["chunks"]]
    whole = hashlib.sha256("".join(f"{digest}\n" for digest in sealed).encode()).hexdigest()
    assert len(sealed) == record["chunks"]
    assert record["receipts"]["sha256"] == whole
    stopped = [
        line["detail"]
        for line in json.loads(finish(start(home, "audit", "--json")).out)["lines"]
        if line["action"] == "stopped"
    ]
    assert stopped == [f"sha256 {whole}"]
    verified = finish(start(home, "audit", "verify"))
    assert verified.exit_code == 0
    assert "Every recording is as it was sealed (1 checked)." in verified.out
    exported = finish(start(home, "export", "last", "--format", "json"))
    assert exported.record("dictation")["receipts"] == record["receipts"]
    (row,) = finish(start(home, "sessions", "--json")).record("sessions")
    assert (row["status"], row["accepted"]) == ("waiting", 0)
    assert finish(start(home, "deliver")).exit_code == 4
    for path in home.rglob("*"):
        assert not path.is_file() or b"canary-token" not in path.read_bytes()
