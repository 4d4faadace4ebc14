from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from scribe_desktop.domain.errors import EngineError, Retry, ServiceError
from scribe_desktop.server.audio import decode
from scribe_desktop.server.engine import Engine
from scribe_desktop.server.remote_engine import RemoteEngine
from scribe_desktop.server.transcriber import SessionTranscriber
from tests.server.hearing_engine import ToneEngine, quiet, spoken


class Clinic:
    """A clinic's speech server that hears tones."""

    def __init__(self, reply: Mapping[str, Any] | None = None) -> None:
        self.reply = reply
        self.fields: list[Mapping[str, str]] = []
        self.trouble: Exception | None = None
        self.troubles_left = 1_000
        self.waits: list[float] = []

    def __call__(self, fields: Mapping[str, str], wav: bytes) -> Mapping[str, Any]:
        self.fields.append(fields)
        if self.trouble and self.troubles_left:
            self.troubles_left -= 1
            raise self.trouble
        if self.reply is not None:
            return self.reply
        heard = ToneEngine().transcribe(decode(wav), languages=("en",), hotwords=())
        return {"text": f" {heard.text} ", "language": "en"}


def engine(clinic: Clinic) -> Engine:
    return RemoteEngine("whisper-large", clinic, ToneEngine().find_speech, wait=clinic.waits.append)


def test_a_session_is_written_down_by_the_clinics_server() -> None:
    clinic = Clinic()
    transcriber = SessionTranscriber(engine(clinic), ["en"], ["lisinopril"])
    transcriber.feed(np.concatenate((spoken(1, 2, 3), quiet(0.5))))
    assert transcriber.finish().text == "w1 w2 w3"
    assert clinic.fields[0]["language"] == "en"
    assert clinic.fields[0]["prompt"] == "lisinopril"
    assert clinic.fields[0]["model"] == engine(clinic).name == "whisper-large"


def test_silence_is_never_sent() -> None:
    clinic = Clinic()
    transcriber = SessionTranscriber(engine(clinic))
    transcriber.feed(quiet(20))
    assert transcriber.finish().text == ""
    assert clinic.fields == []


@pytest.mark.parametrize(
    ("said", "asked", "language"),
    [("de", (), "de"), ("german", ("de", "en"), "de"), (None, (), ""), (7, ("en",), "en")],
)
def test_the_language_is_what_the_server_says_or_what_was_asked(
    said: object, asked: tuple[str, ...], language: str
) -> None:
    clinic = Clinic({"text": "ja", "language": said})
    heard = engine(clinic).transcribe(spoken(1), languages=asked, hotwords=())
    assert heard.language == language


@pytest.mark.parametrize(
    "trouble", [ServiceError("No.", retry=Retry.LATER), ConnectionResetError()]
)
def test_a_server_that_cannot_be_reached_is_a_sentence(trouble: Exception) -> None:
    clinic = Clinic()
    clinic.trouble = trouble
    with pytest.raises(EngineError, match="the recording is safe"):
        engine(clinic).transcribe(spoken(1), languages=(), hotwords=())


def test_a_server_that_is_away_for_a_moment_is_waited_for() -> None:
    clinic = Clinic()
    clinic.trouble, clinic.troubles_left = ServiceError("No.", retry=Retry.LATER), 3
    assert engine(clinic).transcribe(spoken(1), languages=(), hotwords=()).text == "w1"
    assert clinic.waits == [1.0, 2.0, 4.0]


def test_a_server_that_refuses_is_not_asked_again() -> None:
    clinic = Clinic()
    clinic.trouble = ServiceError("No.", retry=Retry.NEVER)
    with pytest.raises(EngineError):
        engine(clinic).transcribe(spoken(1), languages=(), hotwords=())
    assert clinic.waits == []


@pytest.mark.parametrize("reply", [{}, {"text": None}, {"error": "no model"}])
def test_an_answer_that_is_no_transcript_is_a_sentence(reply: Mapping[str, Any]) -> None:
    with pytest.raises(EngineError, match="no transcript"):
        engine(Clinic(reply)).transcribe(spoken(1), languages=(), hotwords=())


def test_it_hears_what_the_model_hears() -> None:
    assert "en" in engine(Clinic()).languages
