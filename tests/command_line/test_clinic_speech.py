"""A clinic's own speech server hears for the local service, set by the environment."""

import json
from contextlib import closing
from typing import Any

import pytest

from scribe_desktop import clinic_speech
from scribe_desktop.clinic_speech import KEY, MODEL, SERVER, posting, speech_server
from scribe_desktop.domain.errors import Retry, ServiceError, SettingsError
from scribe_desktop.services.wire import Wire
from tests.command_line.conftest import SAMPLE, Scribe
from tests.peers.onprem import parts_of
from tests.peers.peer import Answered, Asked, Peer

SECRET = "canary-speech-key"
TEXT = "Metoprolol 50 milligrams twice a day."


class SpeechServer(Peer):
    """Answers OpenAI's call for transcriptions, and nothing else."""

    speaks_the_protocol = False
    reply = Answered(200, {"text": TEXT, "language": "en"})

    def answer(self, asked: Asked) -> Answered:
        right = asked.headers.get("authorization") == f"Bearer {SECRET}"
        if asked.path != "/v1/audio/transcriptions" or not right:
            return Answered(401, {"error": {"message": "Incorrect API key", "code": "x"}})
        return self.reply

    def forms(self) -> list[dict[str, Any]]:
        return [{name: body for name, (body, _) in parts_of(asked).items()} for asked in self.asked]


@pytest.mark.engine
def test_a_dictation_on_this_computer_is_heard_by_the_clinics_server(scribe: Scribe) -> None:
    with SpeechServer() as server:
        there = {SERVER: f"{server.origin}/v1", MODEL: "large", KEY: SECRET}
        ran = scribe(
            *("dictate", "--file", str(SAMPLE), "--template", "transcript_template", "--json"),
            env=there,
        )
        assert ran.exit_code == 0, ran.err
        record = ran.record("dictation")
        assert TEXT in record["transcript"]
        assert SECRET not in ran.out + ran.err
        for form in server.forms():
            assert form["model"] == b"large"
            assert form["file"].startswith(b"RIFF")


def test_the_environment_says_where_and_the_key_does_not_stay_there() -> None:
    environ = {SERVER: "https://gpu.clinic.example/v1/", KEY: SECRET}
    found = speech_server(environ)
    assert found is not None
    assert (found.address, found.model) == ("https://gpu.clinic.example/v1", "whisper-1")
    assert found.key == SECRET
    assert SECRET not in repr(found)
    assert KEY not in environ
    assert speech_server({}) is None


@pytest.mark.parametrize("address", ["http://gpu.clinic.example/v1", "ftp://x", "nonsense"])
def test_speech_is_not_sent_in_the_clear(address: str) -> None:
    with pytest.raises(SettingsError, match="not safe"):
        speech_server({SERVER: address})


@pytest.mark.parametrize(
    ("reply", "retry"),
    [
        (Answered(200, b"<html>", {}, "text/html"), Retry.LATER),
        (Answered(503), Retry.LATER),
        (Answered(400, {"error": {"message": "bad", "code": "invalid_request"}}), Retry.NEVER),
    ],
)
def test_whatever_it_answers_is_a_clear_error(reply: Answered, retry: Retry) -> None:
    with SpeechServer() as server, closing(Wire()) as wire:
        server.reply = reply
        post = posting(clinic_speech.SpeechServer(f"{server.origin}/v1", "m", SECRET), wire)
        with pytest.raises(ServiceError) as failed:
            post({"model": "m"}, b"RIFF")
        assert failed.value.retry is retry
        server.reply = Answered(200, {"text": TEXT})
        assert json.dumps(dict(post({"model": "m"}, b"RIFF"))) == json.dumps({"text": TEXT})


def test_a_service_with_an_unsafe_speech_server_does_not_start(scribe: Scribe) -> None:
    ran = scribe("serve", env={SERVER: "http://gpu.clinic.example/v1"})
    assert ran.exit_code == 1
    assert "not safe" in ran.err
