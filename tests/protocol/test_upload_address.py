"""Where a chunk is sent: what Create said, unless that can only be wrong."""

import json

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.protocol.dialects import EKA, SPEC
from scribe_desktop.protocol.requests import RawUpload, upload

CHUNK = EncodedChunk(3, b"", 1)


def address(given: str, base_url: str, dialect: object = EKA) -> str:
    plan = upload(json.dumps(given), "ses_1", base_url, CHUNK, dialect)  # type: ignore[arg-type]
    assert isinstance(plan, RawUpload)
    return plan.url


def test_audio_may_go_to_a_host_of_its_own_in_the_dialect_that_has_one() -> None:
    given, base = "https://audio.example/in/ses_1/audio", "https://api.example/voice/v1"
    assert address(given, base) == f"{given}/audio_3.webm"
    assert address(given, base, SPEC) == f"{base}/sessions/ses_1/audio/audio_3.webm"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_service_of_this_computer_is_where_it_is_now_and_not_where_it_was(host: str) -> None:
    given = f"http://{host}:40001/voice/v1/sessions/ses_1/audio"
    base = f"http://{host}:40002/voice/v1"
    assert address(given, base) == f"{base}/sessions/ses_1/audio/audio_3.webm"
    same = f"http://{host}:40002/elsewhere"
    assert address(same, base) == f"{same}/audio_3.webm"
