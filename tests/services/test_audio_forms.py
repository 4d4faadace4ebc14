"""A service that takes no WebM gets the same speech in a form that it takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import AudioForm, EncodedChunk, form_after, offered_form
from scribe_desktop.domain.errors import Retry, ServiceError, SpoolError
from scribe_desktop.domain.machine import candidate_remote_id
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Delivery, Remote, Session, SessionId
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import EndReceipt, Finished, Gone
from scribe_desktop.services import outgoing
from scribe_desktop.services.anew import MOST_SHORTFALLS
from scribe_desktop.services.encoder import decode, encode, recoded
from scribe_desktop.services.uploader import Uploader
from tests.peers import eka, onprem, spec
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.peer import Dictation
from tests.peers.spec import SpecPeer
from tests.services.deliveries import REMOTE, Clock, Desk, MemorySpool
from tests.services.sounds import pcm16, speechlike

CHUNKS = 3


@cache
def spoken(index: int) -> EncodedChunk:
    return encode(pcm16(speechlike(0.5, seed=index)), index)


class SpokenSpool(MemorySpool):
    """Its chunks are real ones, as a recorder seals them."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        return spoken(index)


Clinic = EkaPeer | OnPremPeer | SpecPeer
PEERS: dict[str, tuple[Callable[[], Clinic], str, int]] = {
    "eka": (EkaPeer, eka.TOKEN, 400),
    "onprem": (OnPremPeer, onprem.TOKEN, 415),
    "onprem presigned": (lambda: OnPremPeer(presigned=True), onprem.TOKEN, 415),
    "spec": (SpecPeer, spec.KEY, 400),
}


@contextmanager
def clinic(name: str) -> Iterator[tuple[Desk, Clinic]]:
    make, token, status = PEERS[name]
    with make() as peer:
        peer.refused_forms, peer.refused_with = {"webm"}, status
        desk = Desk(peer.base_url, token, name.partition(" ")[0])
        desk.spool = SpokenSpool()
        desk.rebuild(desk.client._wire, lambda: desk.address)
        yield desk, peer
        desk.close()


def whole(peer: Clinic, session: Session) -> Dictation:
    """The one session that has audio; all others were left empty."""
    assert session.remote is not None
    kept = peer.sessions[session.remote.remote_id]
    assert all(not other.files for other in peer.sessions.values() if other is not kept)
    return kept


@pytest.mark.parametrize("name", PEERS)
def test_a_refused_form_is_sent_again_as_wav(name: str) -> None:
    with clinic(name) as (desk, peer):
        session = desk.deliver(desk.spool.speak(chunks=CHUNKS))
        kept = whole(peer, session)
        assert session.outcome is Outcome.COMPLETED
        assert session.audio_form is AudioForm.WAV
        assert kept.ends == [CHUNKS]
        assert len(peer.sessions) == 2
        bodies = [body for _, body in sorted(kept.files.items())]
        assert [body[:4] for body in bodies] == [b"RIFF"] * CHUNKS
        assert [decode(body) for body in bodies] == [decode(spoken(n).body) for n in range(CHUNKS)]


def test_the_next_dictation_begins_with_what_the_service_takes() -> None:
    with clinic("onprem") as (desk, peer):
        desk.deliver(desk.spool.speak("first", 1))
        asked = len(peer.sessions)
        session = desk.deliver(desk.spool.speak("second", 1, at=2000.0))
        assert session.audio_form is AudioForm.WAV
        assert len(peer.sessions) == asked + 1
        assert len(session.remote_ids) == 1


def test_a_refusal_of_everything_does_not_decide_for_the_next_dictation() -> None:
    with clinic("onprem") as (desk, peer):
        peer.refused_forms = {"webm", "wav", "mp3"}
        broken = desk.spool.speak("first", 1)
        while desk.spool.get(broken).problem is None:
            desk.step()
        peer.refused_forms = {"wav", "mp3"}
        session = desk.deliver(desk.spool.speak("second", 1, at=2000.0))
        assert session.audio_form is AudioForm.WEBM
        assert len(session.remote_ids) == 1


class WornSpool(SpokenSpool):
    """One of its dictations cannot be read any more, or not as sound."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        self.broken = broken
        self.worn: SessionId | None = None

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        if session_id != self.worn:
            return spoken(index)
        if self.broken == "gone":
            raise SpoolError("The audio of this dictation is no longer on this computer.")
        return EncodedChunk(index, b"no sound", 8_000)


@pytest.mark.parametrize("broken", ["gone", "no sound"])
def test_a_piece_that_cannot_be_read_holds_up_no_other_dictation(broken: str) -> None:
    with clinic("onprem") as (desk, _):
        desk.formats = ("audio/wav",)
        desk.spool = spool = WornSpool(broken)
        desk.rebuild(desk.client._wire, lambda: desk.address)
        spool.worn = spool.speak("first", 1)
        session = desk.deliver(spool.speak("second", 1, at=2000.0))
        assert session.outcome is Outcome.COMPLETED
        mended, spool.worn = spool.worn, None
        waiting = spool.get(mended)
        assert waiting.problem is not None
        assert waiting.retry_at is not None
        assert desk.deliver(mended).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(
    ("listed", "taken", "form"),
    [(("audio/wav", "audio/mp3"), "wav", AudioForm.WAV), (("audio/mpeg",), "mp3", AudioForm.MP3)],
)
def test_a_service_that_lists_no_webm_never_gets_any(
    listed: tuple[str, ...], taken: str, form: AudioForm
) -> None:
    with clinic("eka") as (desk, peer):
        desk.formats, peer.refused_forms = listed, {"webm", "wav", "mp3"} - {taken}
        session = desk.deliver(desk.spool.speak(chunks=CHUNKS))
        assert session.audio_form is form
        assert len(peer.sessions) == 1
        assert whole(peer, session).names == [f"audio_{n}.{taken}" for n in range(CHUNKS)]


def test_a_service_that_changes_its_mind_gets_no_mixture() -> None:
    with clinic("eka") as (desk, peer):
        peer.refused_forms = set()
        session_id = desk.spool.speak(chunks=CHUNKS)
        while desk.spool.get(session_id).accepted < 2:
            desk.step()
        peer.refused_forms = {"webm"}
        session = desk.deliver(session_id)
        first, second = (peer.sessions[one] for one in session.remote_ids)
        assert first.names == ["audio_0.webm", "audio_1.webm"]
        assert second.names == [f"audio_{n}.wav" for n in range(CHUNKS)]


def test_a_service_that_takes_nothing_is_not_tried_for_ever() -> None:
    with clinic("spec") as (desk, peer):
        peer.refused_forms = {"webm", "wav", "mp3"}
        desk.formats = ("audio/webm", "audio/wav", "audio/mp3")
        session_id = desk.spool.speak(chunks=1)
        for _ in range(12):
            desk.step()
        problem = desk.spool.get(session_id).problem
        assert problem is not None
        assert problem.retry is Retry.NEVER
        assert "safe" in problem.message
        assert len(peer.sessions) == 3, "once for each form"
        peer.refused_forms = {"webm", "wav"}
        desk.uploader.release()
        assert desk.deliver(session_id).outcome is Outcome.COMPLETED
        desk.uploader.stop()


@pytest.mark.parametrize(
    ("listed", "form"),
    [
        ((), AudioForm.WEBM),
        (("audio/webm; codecs=opus", "audio/wav"), AudioForm.WEBM),
        (("WAV",), AudioForm.WAV),
        (("audio/x-wav", "audio/mpeg"), AudioForm.WAV),
        ((".mp3",), AudioForm.MP3),
        (("audio/flac", "webmail"), AudioForm.WEBM),
    ],
)
def test_what_is_listed_decides_where_to_begin(listed: tuple[str, ...], form: AudioForm) -> None:
    assert offered_form(listed) is form


def test_forms_come_to_an_end() -> None:
    assert form_after(AudioForm.WEBM, ()) is AudioForm.WAV
    assert form_after(AudioForm.WAV, ("audio/wav", "audio/webm")) is None
    assert form_after(AudioForm.WAV, ("audio/mp3", "audio/wav")) is AudioForm.MP3
    assert form_after(AudioForm.MP3, ("audio/mp3", "audio/wav")) is None


# --- whatever happens ------------------------------------------------------------------------

FATES = ("taken", "lost", "busy", "forgotten", "no webm", "no wav", "restart", "new decoder")


class Fickle:
    """A service whose every reply may be lost; it notes all bytes that it ever saw."""

    def __init__(self, fates: list[str]) -> None:
        self.fates = fates
        self.refuses: set[str] = set()
        self.seen: dict[tuple[str, int], set[bytes]] = {}
        self.forms: dict[str, set[str]] = {}
        self.accepted: dict[str, list[int]] = {}
        self.decoder = b""

    def create(self, session: Session) -> Remote:
        remote_id = candidate_remote_id(session)
        self.accepted.setdefault(remote_id, [])
        return Remote(remote_id, '""')

    def upload(self, remote: Remote, chunk: EncodedChunk) -> None:
        fate = self.fates.pop(0) if self.fates else "taken"
        if fate.startswith("no "):
            self.refuses.add(fate.removeprefix("no "))
        if fate == "new decoder":
            self.decoder += b"+"
        if chunk.extension in self.refuses:
            raise errors.refusal(415, b"", in_session=True)
        if fate == "busy":
            raise errors.refusal(503, b"", in_session=True)
        if fate == "forgotten" or remote.remote_id not in self.accepted:
            self.accepted.pop(remote.remote_id, None)
            raise errors.refusal(404, b"", in_session=True)
        self.seen.setdefault((remote.remote_id, chunk.index), set()).add(chunk.body)
        self.forms.setdefault(remote.remote_id, set()).add(chunk.extension)
        if chunk.index not in self.accepted[remote.remote_id]:
            self.accepted[remote.remote_id].append(chunk.index)
        if fate == "lost":
            raise errors.unreachable("broken_off")

    def end(self, remote: Remote, count: int) -> EndReceipt:
        assert self.accepted[remote.remote_id] == list(range(count))
        return EndReceipt(count)

    def get(self, remote: Remote) -> Finished | Gone:
        return Finished(Results(Outcome.COMPLETED))

    def amend(self, remote: Remote, order: object) -> None:
        raise AssertionError

    def withdraw(self, remote: Remote) -> None:
        raise AssertionError

    def send_text(self, remote: Remote, text: str) -> None:
        raise AssertionError

    def cut(self, quiet_s: float = 0.0) -> None:
        raise AssertionError

    def abort(self) -> None:
        raise AssertionError

    def recoded(self, chunk: EncodedChunk, form: AudioForm) -> EncodedChunk:
        made = recoded(chunk, form)
        return made if form is AudioForm.WEBM else _with(made, made.body + self.decoder)


def _with(chunk: EncodedChunk, body: bytes) -> EncodedChunk:
    return EncodedChunk(chunk.index, body, chunk.frames, chunk.media_type, chunk.extension)


@settings(max_examples=150)
@given(fates=st.lists(st.sampled_from(FATES), max_size=14), listed=st.booleans())
def test_no_service_ever_sees_a_chunk_change(fates: list[str], *, listed: bool) -> None:
    spool, clock, service = SpokenSpool(), Clock(), Fickle(fates)
    formats = ("audio/wav", "audio/mp3") if listed else ("audio/webm", "audio/mp3")

    def worker() -> Uploader:
        return Uploader(spool, lambda _: service, clock, lambda: 0.0, formats_of=lambda _: formats)

    session_id = spool.speak(chunks=CHUNKS)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outgoing, "recoded", service.recoded)
        at_work = worker()
        for _ in range(120):
            if spool.get(session_id).delivery is Delivery.ENDED:
                break
            if service.fates[:1] == ["restart"]:
                at_work = worker()
            at_work.step(REMOTE)
            clock.at += 600.0
    session = spool.get(session_id)
    assert session.delivery is Delivery.ENDED
    assert session.remote is not None
    assert service.accepted[session.remote.remote_id] == list(range(CHUNKS))
    assert all(len(bodies) == 1 for bodies in service.seen.values()), "a chunk changed"
    assert all(len(forms) == 1 for forms in service.forms.values()), "a mixture of forms"


class Leaky(Fickle):
    """Takes no WebM, and forgets one file of each session that it admits to lack."""

    def __init__(self, admits: int) -> None:
        super().__init__(["no webm"])
        self.admits = admits

    def end(self, remote: Remote, count: int) -> EndReceipt:
        self.admits -= 1
        return EndReceipt(count - 1 if self.admits >= 0 else count)


@pytest.mark.parametrize("admits", [1, 50])
def test_a_service_that_lacks_a_file_gets_all_again_also_in_another_form(admits: int) -> None:
    spool, clock, service = SpokenSpool(), Clock(), Leaky(admits)
    worker = Uploader(spool, lambda _: service, clock, lambda: 0.0)
    session_id = spool.speak(chunks=CHUNKS)
    for _ in range(60):
        worker.step(REMOTE)
        clock.at += 600.0
    session = spool.get(session_id)
    assert session.delivery is Delivery.ENDED
    assert session.audio_form is AudioForm.WAV
    # Anew for the form, and anew for the missing file; not for ever, if the count stays wrong.
    assert len(session.remote_ids) == 2 + min(admits, MOST_SHORTFALLS)
    assert session.received == (CHUNKS if admits == 1 else CHUNKS - 1)


def test_the_refusal_of_a_form_is_known_by_code_and_by_status() -> None:
    def is_one(error: ServiceError) -> bool:
        return errors.refuses_the_format(error)

    body = b'{"error":{"code":"invalid_audio_format","message":""}}'
    assert is_one(errors.refusal(400, body, in_session=True))
    assert is_one(errors.refusal(415, b"", in_session=True))
    assert not is_one(errors.refusal(400, b"", in_session=True))
