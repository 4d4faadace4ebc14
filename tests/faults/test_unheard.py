"""What the real service does not hear is a gap on the time line, in the text and in the export.

A real spool, a real client, a real service. One chunk is lost on the way, or
cannot be read when its turn comes; the recording has it either way.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Notice
from scribe_desktop.domain.playback import time_line
from scribe_desktop.domain.receipts import counted_otherwise
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.unheard import NOT_READ, NOT_THERE
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.wire import Wire
from scribe_desktop.stored_dictations import StoredDictations
from scribe_desktop.wiring.exports import Exports
from tests.faults.real_service import TOKEN, RealService
from tests.server.conftest import Clock
from tests.server.scripted import ScriptedSpeech, wav
from tests.services.deliveries import Desk, an_order

FRAMES = 1600
LOST = 1


class Deaf(ScriptedSpeech):
    """Could read "one" when it came, and cannot when its turn to be heard comes."""

    def __init__(self) -> None:
        super().__init__()
        self._read: set[bytes] = set()

    def decode(self, body: bytes) -> NDArray[np.int16]:
        if body == wav(LOST) and body in self._read:
            raise AudioFileError("This file holds no audio that can be read.")
        self._read.add(body)
        return super().decode(body)


class Leaking(Client):
    """Says of one chunk that it is sent; the service never sees it."""

    def upload(self, remote: Remote, chunk: EncodedChunk) -> None:
        if chunk.index != LOST:
            super().upload(remote, chunk)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool.open(tmp_path / "spool", bytes(32), now=lambda: 1.0)) as opened:
        yield opened


def dictated(spool: Spool, chunks: int = 3) -> SessionId:
    session_id = SessionId("ses_" + "0" * 24)
    spool.add(Session(session_id, 1000.0, an_order(templates=("soap",))))
    spool.update(session_id, lambda session: apply(session, SpeechStarted(1000.0)))
    for index in range(chunks):
        chunk = EncodedChunk(index, wav(index), FRAMES, "audio/wav", "wav")
        spool.seal(session_id, chunk, stop_at=1001.0 if index == chunks - 1 else None)
    return session_id


@pytest.fixture
def deliver(tmp_path: Path, spool: Spool) -> Iterator[Callable[..., Session]]:
    opened: list[Callable[[], None]] = []

    def delivered(speech: Callable[[], ScriptedSpeech], client: type[Client]) -> Session:
        service = RealService(tmp_path / "service", Clock(), speech)
        desk = Desk("")
        opened.extend((desk.close, service.close))
        address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
        desk.spool = spool  # type: ignore[assignment]  # the real one
        desk.rebuild(Wire(), lambda: address)
        desk.client.close()
        desk.client = client("clinic", lambda: address, now=desk.clock, wire=Wire())
        return desk.deliver(dictated(spool), steps=400)

    yield delivered
    for close in opened:
        close()


@pytest.mark.parametrize(
    ("speech", "client", "reason", "received"),
    [(Deaf, Client, NOT_READ, 3), (ScriptedSpeech, Leaking, NOT_THERE, 2)],
)
def test_a_chunk_that_the_service_did_not_hear_is_marked_everywhere(
    tmp_path: Path,
    spool: Spool,
    deliver: Callable[..., Session],
    speech: Callable[[], ScriptedSpeech],
    client: type[Client],
    reason: str,
    received: int,
) -> None:
    session = deliver(speech, client)
    (gap,) = session.gaps
    assert (gap.at_frame, gap.seconds_lost, gap.reason) == (FRAMES, 0.1, reason)
    assert gap.recorded
    assert spool.chunk(session.session_id, LOST).body == wav(LOST), "the recording has it"
    assert (session.received, counted_otherwise(session)) == (received, received < 3)
    (missing,) = time_line((session,)).missing
    assert (missing.at_s, missing.lost_s, missing.recorded) == (0.1, 0.1, True)

    told: list[Notice] = []
    stored = StoredDictations(spool, lambda: 1.0, Settings, told.append)
    (shown,) = stored.shown_versions(session.session_id)
    mark = "[recorded, but not heard by the service: 0.1 s at 0:00]"
    assert shown.results.transcript == f"{mark}\nzero two"
    spool.delete_audio(session.session_id)
    Exports(stored).export(session.session_id, "json", str(tmp_path / "out.json"))
    record = json.loads((tmp_path / "out.json").read_text())
    assert record["gaps"] == [{"start": 0.1, "length": 0.1, "why": reason, "recorded": True}]
    sealed = [hashlib.sha256(wav(index)).hexdigest() for index in range(3)]
    assert [one["sha256"] for one in record["receipts"]["chunks"]] == sealed
    assert record["receipts"]["files_sent"] == 3
    assert record["receipts"]["files_received"] == received
    Exports(stored).export(session.session_id, "text", str(tmp_path / "out.txt"))
    text = (tmp_path / "out.txt").read_text()
    assert f"NOT HEARD BY THE SERVICE\n\nAt 0:00, 0.1 s are missing: {reason}." in text
    counted = "sent in 3 parts, but the service says that it has 2."
    assert (counted in text) == (received < 3)


def test_what_the_service_heard_whole_has_no_mark(
    spool: Spool, deliver: Callable[..., Session]
) -> None:
    session = deliver(ScriptedSpeech, Client)
    assert (session.gaps, session.received, counted_otherwise(session)) == ((), 3, False)
    stored = StoredDictations(spool, lambda: 1.0, Settings, print)
    (shown,) = stored.shown_versions(session.session_id)
    assert shown.results.transcript == "zero one two"
    dictation = stored.dictation(session.session_id)
    assert isinstance(dictation, Dictation)
    assert [one.sealed for one in dictation.receipts[session.session_id]] == [
        hashlib.sha256(wav(index)).hexdigest() for index in range(3)
    ]
