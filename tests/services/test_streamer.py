"""Speech that is streamed arrives whole, or is delivered in chunks instead."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.events import Cancelled, ChunkSealed, Paused, Resumed, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.streamer import Streamer
from scribe_desktop.services.uploader import Uploader
from tests.faults.real_service import TOKEN as REAL_TOKEN
from tests.faults.real_service import RealService
from tests.peers.eka import TOKEN
from tests.peers.onprem import TOKEN as ONPREM_TOKEN
from tests.peers.onprem import OnPremPeer
from tests.peers.streams import StreamPeer
from tests.server.conftest import Clock
from tests.server.scripted import wav_of
from tests.services.deliveries import MemorySpool, an_order

FRAMES = 8000


def pcm_of(number: int) -> bytes:
    return np.full(FRAMES, (number + 1) * 100, "<i2").tobytes()


class SpokenSpool(MemorySpool):
    """Sealed chunks are WAV files of the PCM that was spoken."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        body = wav_of(np.frombuffer(pcm_of(index), "<i2"))
        return EncodedChunk(index, body, FRAMES, "audio/wav", "wav")

    def begin_piece(self, session_id: SessionId) -> None:
        """Half of the next chunk is durable but not sealed."""
        with self.changed:
            index = self.get(session_id).chunks
            self.tails[session_id] = pcm_of(index)[:FRAMES]

    def seal(self, session_id: SessionId) -> None:
        with self.changed:
            index = self.get(session_id).chunks
            self.tails[session_id] = b""
            self.update(session_id, lambda s: apply(s, ChunkSealed(index, FRAMES)))


class Booth:
    """Streamer, uploader and poller on their own threads, as in the program."""

    def __init__(self, base_url: str, token: str, dialect: str) -> None:
        self.spool = SpokenSpool()
        address = Address(base_url, dialect, FixedToken(token))
        self.client = Client("clinic", lambda: address)
        self.live: list[str] = []
        self.streamer = Streamer(
            self.spool,
            lambda _: self.client,
            lambda body: body[44:],
            fell_back=lambda: self.uploader.wake(),  # noqa: PLW0108  it is made below
            on_live_text=self._hear,
            close_s=0.5,
        )
        self.uploader = Uploader(self.spool, lambda _: self.client, is_streamed=self.streamer.takes)
        self.poller = Poller(self.spool, lambda _: self.client)
        self.workers = (self.streamer, self.uploader, self.poller)

    def _hear(self, _: SessionId, text: str) -> None:
        with self.spool.changed:
            self.live.append(text)
            self.spool.changed.notify_all()

    def begin(self) -> SessionId:
        order = an_order(upload_type=UploadType.STREAM, templates=("soap",))
        session_id = self.spool.speak(chunks=0, order=order, stop=False)
        for worker in self.workers:
            worker.start()
        return session_id

    def until(self, session_id: SessionId, delivery: Delivery) -> Session:
        """Wait until delivery is there, waking the workers as the program does."""

        def is_there() -> bool:
            for worker in self.workers:
                worker.wake()
            return self.spool.get(session_id).delivery is delivery

        assert self.spool.wait(is_there, 20), self.spool.get(session_id)
        return self.spool.get(session_id)

    def speak_all(self, session_id: SessionId, chunks: int = 3) -> None:
        for _ in range(chunks):
            self.spool.begin_piece(session_id)
            self.streamer.wake()
            self.spool.seal(session_id)
        self.spool.update(session_id, lambda s: apply(s, Stopped(1.0)))
        for worker in self.workers:
            worker.wake()

    def close(self) -> None:
        for worker in self.workers:
            assert worker.stop(5)
        self.client.close()


def stream_to(peer: StreamPeer) -> Booth:
    return Booth(peer.base_url, TOKEN, "eka")


@pytest.fixture
def peer() -> Iterator[StreamPeer]:
    peer = StreamPeer()
    yield peer
    peer.close()


SPOKEN = b"".join(map(pcm_of, range(3)))


def test_everything_spoken_is_streamed_once_and_ended(peer: StreamPeer) -> None:
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.until(session_id, Delivery.OPEN)
    booth.speak_all(session_id)
    session = booth.until(session_id, Delivery.RESOLVED)
    (kept,) = peer.sessions.values()
    assert kept.streamed == SPOKEN
    assert kept.ends == [0]
    assert kept.files == {}
    assert kept.asked["communication_protocol"] == "websocket"
    assert session.outcome is Outcome.COMPLETED
    assert booth.live
    assert set(peer.handshakes[0]) & {"Authorization", "Cookie"} == set()
    booth.close()


def test_live_text_comes_before_anything_is_sealed(peer: StreamPeer) -> None:
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.until(session_id, Delivery.OPEN)
    booth.spool.begin_piece(session_id)
    assert booth.spool.wait(lambda: f"Stream: {FRAMES} bytes." in booth.live)
    booth.close()


def test_a_pause_streams_nothing_and_loses_nothing(peer: StreamPeer) -> None:
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.spool.seal(session_id)
    booth.spool.update(session_id, lambda s: apply(s, Paused()))
    booth.spool.update(session_id, lambda s: apply(s, Resumed()))
    booth.speak_all(session_id, 2)
    booth.until(session_id, Delivery.RESOLVED)
    (kept,) = peer.sessions.values()
    assert kept.streamed == SPOKEN
    booth.close()


@pytest.mark.parametrize("fault", ["break after 1", "break after 20000", "refuse", "files only"])
def test_after_any_trouble_the_session_is_delivered_in_chunks(peer: StreamPeer, fault: str) -> None:
    peer.fault = fault
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.speak_all(session_id)
    session = booth.until(session_id, Delivery.RESOLVED)
    broken, whole = peer.sessions.values()
    assert broken.ends == []
    assert whole.names == ["audio_0.wav", "audio_1.wav", "audio_2.wav"]
    assert whole.ends == [3]
    assert whole.streamed == b""
    assert session.order.upload_type is UploadType.CHUNKED
    assert session.remote_ids == (broken.session_id, whole.session_id)
    booth.close()


def test_a_service_that_never_closes_but_answers_has_taken_everything(peer: StreamPeer) -> None:
    peer.fault = "stay open"
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.speak_all(session_id)
    booth.until(session_id, Delivery.RESOLVED)
    (kept,) = peer.sessions.values()
    assert (kept.streamed, kept.ends) == (SPOKEN, [0])
    booth.close()


def test_a_service_without_streams_gets_chunks() -> None:
    with OnPremPeer() as peer:
        booth = Booth(peer.base_url, ONPREM_TOKEN, "onprem")
        session_id = booth.begin()
        booth.speak_all(session_id)
        booth.until(session_id, Delivery.RESOLVED)
        (kept,) = peer.sessions.values()
        assert kept.names == ["audio_0.wav", "audio_1.wav", "audio_2.wav"]
        booth.close()


def test_a_cancelled_session_is_no_longer_streamed_and_is_withdrawn(peer: StreamPeer) -> None:
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.until(session_id, Delivery.OPEN)
    booth.spool.update(session_id, lambda s: apply(s, Cancelled(1.0)))
    booth.streamer.wake()
    assert booth.spool.wait(lambda: booth.spool.get(session_id).withdrawn)
    (kept,) = peer.sessions.values()
    assert kept.status == "cancelled"
    booth.close()


def test_stopping_the_program_in_mid_stream_leaves_everything_to_the_next_start(
    peer: StreamPeer,
) -> None:
    booth = stream_to(peer)
    session_id = booth.begin()
    booth.until(session_id, Delivery.OPEN)
    booth.spool.begin_piece(session_id)
    assert booth.spool.wait(lambda: bool(booth.live))
    booth.close()
    later = Booth(peer.base_url, TOKEN, "eka")
    later.spool.kept = booth.spool.kept
    for worker in later.workers:
        worker.start()
    later.speak_all(session_id)
    session = later.until(session_id, Delivery.RESOLVED)
    assert len(session.remote_ids) == 2
    assert list(peer.sessions.values())[-1].ends == [3]
    later.close()


def test_the_local_service_takes_a_stream_and_shows_text_meanwhile(tmp_path: Path) -> None:
    service = RealService(tmp_path, Clock())
    booth = Booth(f"http://127.0.0.1:{service.port}/voice/v1", REAL_TOKEN, "eka")
    session_id = booth.begin()
    booth.until(session_id, Delivery.OPEN)
    booth.speak_all(session_id)
    booth.until(session_id, Delivery.RESOLVED)
    assert booth.spool.results[session_id].transcript == "zero one two"
    booth.close()
    service.close()
