"""`dictate` completes in each dialect and each upload type against independent peers."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line.conftest import Scribe
from tests.peers import eka, onprem, spec
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.peer import Dictation
from tests.peers.spec import SpecPeer
from tests.peers.streams import StreamPeer

SECONDS = 3

PEERS: dict[str, tuple[Callable[[], EkaPeer | SpecPeer], str]] = {
    "eka": (StreamPeer, eka.TOKEN),
    "onprem": (OnPremPeer, onprem.TOKEN),
    "presigned": (lambda: OnPremPeer(presigned=True), onprem.TOKEN),
    "spec": (SpecPeer, spec.KEY),
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(
            b"".join(
                (n * 997 % 20_011 - 10_000).to_bytes(2, "little", signed=True)
                for n in range(SECONDS * 16_000)
            )
        )
    return path


@pytest.mark.parametrize(
    ("name", "upload"),
    [
        ("eka", "chunked"),
        ("eka", "single"),
        ("eka", "stream"),
        ("onprem", "chunked"),
        ("onprem", "single"),
        ("presigned", "chunked"),
        ("spec", "chunked"),
        ("spec", "single"),
    ],
)
def test_a_recording_is_dictated(scribe: Scribe, recording: Path, name: str, upload: str) -> None:
    make, token = PEERS[name]
    dialect = "onprem" if name == "presigned" else name
    with make() as peer:
        ran = scribe(
            "dictate",
            "--file",
            str(recording),
            "--service",
            peer.base_url,
            "--dialect",
            dialect,
            "--upload",
            upload,
            "--json",
            env={"SCRIBE_DESKTOP_TOKEN": token},
        )
        assert ran.exit_code == 0, ran.err
        record = ran.record("dictation")
        (kept,) = peer.sessions.values()
        assert kept.asked["upload_type"] == upload
        _check(kept, upload)
        assert record["status"] == "completed"
        assert record["transcript"] == kept.transcript
        assert record["remote_session_ids"] == [kept.session_id]
        assert token not in ran.out + ran.err


def _check(kept: Dictation, upload: str) -> None:
    if upload == "stream":
        assert len(kept.streamed) == SECONDS * 16_000 * 2
        assert kept.ends == [0]
    else:
        assert len(kept.names) == 1
        assert kept.ends == [1]
        (body,) = kept.files.values()
        assert body.startswith(b"\x1aE\xdf\xa3"), "a whole WebM file"
