"""After a crash the tail is the last chunk, bit for bit."""

from pathlib import Path

import pytest

from scribe_desktop.domain.errors import DiskFull
from scribe_desktop.domain.events import Paused, SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services import recovery
from scribe_desktop.services.encoder import decode_chunk, encode_wav
from scribe_desktop.services.recovery import recover
from scribe_desktop.services.spool import Spool
from tests.services.memory_spool import MemorySpool
from tests.services.sounds import pcm16, speechlike


@pytest.fixture(autouse=True)
def _bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "encode", encode_wav)


def begun(spool: MemorySpool, name: str = "ses_1", **changes: object) -> SessionId:
    session_id = spool.add(name, **changes)
    spool.update(session_id, lambda session: apply(session, SpeechStarted(1.0)))
    return session_id


def sealed(spool: MemorySpool, session_id: SessionId) -> bytes:
    return b"".join(decode_chunk(chunk) for chunk in spool.chunks[session_id])


def test_the_tail_becomes_the_last_chunk_and_the_session_stops() -> None:
    spool, pcm = MemorySpool(), pcm16(speechlike(3.0))
    session_id = begun(spool)
    spool.seal(session_id, encode_wav(pcm[:32_000], 0))
    spool.append_tail(session_id, 16_000, pcm[32_000:])
    (after,) = recover(spool, 9.0)
    assert sealed(spool, session_id) == pcm
    assert (after.capture, after.stopped_at, after.frames) == (Capture.STOPPED, 9.0, 48_000)
    assert spool.tail(session_id) == b""
    assert recover(spool, 10.0) == ()


@pytest.mark.parametrize("service", ["this-computer", "EkaScribe"])
def test_a_long_tail_is_cut_to_what_the_service_takes(service: str) -> None:
    spool, pcm = MemorySpool(), pcm16(speechlike(45.0))
    session_id = begun(spool, order=Order(ServiceRef(service)))
    spool.append_tail(session_id, 0, pcm)
    recover(spool, 9.0)
    assert sealed(spool, session_id) == pcm
    assert max(chunk.frames for chunk in spool.chunks[session_id]) <= 19.5 * 16_000


def test_a_session_without_a_word_is_stopped_empty() -> None:
    spool = MemorySpool()
    session_id = spool.add("ses_1")
    (after,) = recover(spool, 9.0)
    assert after.session_id == session_id
    assert after.is_empty


def test_a_paused_session_is_recovered_too() -> None:
    spool, pcm = MemorySpool(), pcm16(speechlike(1.0))
    session_id = begun(spool)
    spool.append_tail(session_id, 0, pcm)
    spool.update(session_id, lambda session: apply(session, Paused()))
    recover(spool, 9.0)
    assert sealed(spool, session_id) == pcm


def test_a_crash_while_rolling_over_neither_loses_nor_doubles_a_sample() -> None:
    spool, pcm = MemorySpool(), pcm16(speechlike(3.0))
    first = begun(spool, "ses_1")
    spool.append_tail(first, 0, pcm)
    second = begun(spool, "ses_2", follows=first)
    spool.append_tail(second, 0, pcm[64_000:])
    recover(spool, 9.0)
    assert sealed(spool, first) == pcm[:64_000]
    assert sealed(spool, second) == pcm[64_000:]


def test_what_the_disk_does_not_take_now_is_recovered_at_the_next_start() -> None:
    spool, pcm = MemorySpool(), pcm16(speechlike(1.0))
    session_id = begun(spool)
    spool.append_tail(session_id, 0, pcm)
    spool.refuses = DiskFull("The disk is full.", "Make room.")
    assert recover(spool, 9.0) == ()
    assert spool.tail(session_id) == pcm
    spool.make_room()
    assert len(recover(spool, 10.0)) == 1
    assert sealed(spool, session_id) == pcm


def test_recovered_from_the_real_spool_bit_for_bit(tmp_path: Path) -> None:
    pcm = pcm16(speechlike(2.0))
    session_id = SessionId("ses_real")
    spool = Spool.open(tmp_path, bytes(32), now=lambda: 5.0)
    spool.add(Session(session_id, 1.0, Order()))
    spool.update(session_id, lambda session: apply(session, SpeechStarted(1.0)))
    for at in range(0, len(pcm), 9_600):
        spool.append_tail(session_id, at // 2, pcm[at : at + 9_600])
    spool.close()
    again = Spool.open(tmp_path, bytes(32), now=lambda: 6.0)
    assert again.tail(session_id) == pcm
    (after,) = recover(again, 9.0)
    assert b"".join(decode_chunk(again.chunk(session_id, i)) for i in range(after.chunks)) == pcm
    again.close()
