"""A text that was typed goes the way of a dictation: sent once, whatever is lost on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import DiskFull, Retry, ScribeError, ServiceError
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Delivery, Remote, Session
from scribe_desktop.protocol.responses import Answer, Finished, Gone, Processing
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.typed_text import hand_over
from scribe_desktop.services.wire import Wire
from scribe_desktop.wiring.typed_text import LONGEST_TEXT, TypedText
from tests.faults.real_service import TOKEN, RealService
from tests.peers.eka import EkaPeer
from tests.peers.spec import KEY, SpecPeer
from tests.server.conftest import Clock
from tests.services.deliveries import Desk, an_order

SAID = "Blood pressure 120 over 80. Rest for a week."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RealService]:
    service = RealService(tmp_path, Clock())
    yield service
    service.close()


@pytest.fixture
def desk(service: RealService) -> Iterator[Desk]:
    desk = Desk("", live=False)
    desk.rebuild(
        Wire(),
        lambda: Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN)),
    )
    yield desk
    desk.close()


def test_notes_are_written_from_it(desk: Desk) -> None:
    typed = desk.spool.typed(SAID, order=an_order(templates=("soap", "transcript_template")))
    session = desk.deliver(typed)
    assert session.outcome is Outcome.COMPLETED
    answer = desk.spool.results[typed]
    assert answer.transcript == SAID
    assert {note.template_id for note in answer.notes} == {"soap", "transcript_template"}
    assert "120" in str(answer.notes)


def test_a_service_that_forgot_it_is_given_it_again(desk: Desk, service: RealService) -> None:
    typed = desk.spool.typed(SAID, order=an_order(templates=("soap",)))
    desk.step()
    assert desk.spool.get(typed).delivery is Delivery.OPEN
    service.restart(forgetting=True)
    assert desk.deliver(typed).generation == 1
    assert desk.spool.results[typed].transcript == SAID


@dataclass
class Scripted:
    """Answers as told; `refusal` is raised when the text comes."""

    answers: list[Answer] = field(default_factory=list)
    refusal: ServiceError | None = None
    texts: list[str] = field(default_factory=list)

    def get(self, _remote: Remote) -> Answer:
        return self.answers.pop(0)

    def send_text(self, _remote: Remote, text: str) -> None:
        self.texts.append(text)
        if self.refusal is not None:
            raise self.refusal


REMOTE = Remote("ses_0123456789abcdef", "")
DONE = Finished(Results(Outcome.COMPLETED))


def refused(status: int, code: str = "", retry: Retry = Retry.FRESH_SESSION) -> ServiceError:
    return ServiceError("No.", retry=retry, status=status, code=code)


@pytest.mark.parametrize(
    ("answer", "sent", "has_it"),
    [
        (Gone(), 0, False),
        (DONE, 0, True),
        (Processing(REMOTE, ended=True), 0, True),
        (Processing(REMOTE, ended=False), 1, True),
    ],
)
def test_after_a_lost_reply_it_is_asked_first(answer: Answer, sent: int, has_it: bool) -> None:  # noqa: FBT001
    client = Scripted([answer])
    assert hand_over(client, REMOTE, SAID, ask_first=True) is has_it
    assert client.texts == [SAID] * sent


def test_not_found_may_mean_a_session_that_is_gone() -> None:
    client = Scripted([Gone()], refused(404))
    assert not hand_over(client, REMOTE, SAID, ask_first=False)


def test_not_found_may_mean_that_there_is_no_such_call() -> None:
    client = Scripted([Processing(REMOTE, ended=False)], refused(404))
    with pytest.raises(ServiceError, match="does not write notes from a text") as error:
        hand_over(client, REMOTE, SAID, ask_first=False)
    assert error.value.retry is Retry.NEVER


def test_a_text_that_came_before_is_not_sent_again() -> None:
    client = Scripted(refusal=refused(400, "session_ended", Retry.NEVER))
    assert hand_over(client, REMOTE, SAID, ask_first=False)


def test_another_refusal_is_passed_on() -> None:
    client = Scripted(refusal=refused(503, retry=Retry.LATER))
    with pytest.raises(ServiceError) as error:
        hand_over(client, REMOTE, SAID, ask_first=False)
    assert error.value.status == 503


def test_a_service_without_the_call_is_said_and_not_asked_for_ever() -> None:
    with SpecPeer() as peer:
        desk = Desk(peer.base_url, KEY, "spec")
        typed = desk.spool.typed(SAID)
        for _ in range(6):
            desk.step()
        session = desk.spool.get(typed)
        desk.close()
    assert session.problem is not None
    assert "does not write notes from a text" in session.problem.message
    assert session.retry_at is None
    assert session.generation == 0


def test_ekas_cloud_writes_from_it_too() -> None:
    with EkaPeer() as peer:
        desk = Desk(peer.base_url, "canary-eka-token", "eka")
        typed = desk.spool.typed(SAID)
        session = desk.deliver(typed)
        desk.close()
    assert session.outcome is Outcome.COMPLETED
    assert desk.spool.results[typed].transcript == SAID


# --- how it is taken in ---


@dataclass
class Shelf:
    kept: list[tuple[Session, Results | None]] = field(default_factory=list)
    prepared: list[ServiceRef] = field(default_factory=list)
    refuse: ScribeError | None = None

    def add(self, session: Session, results: Results | None = None) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.kept.append((session, results))


def taken_in(shelf: Shelf, text: str = SAID, order: Order | None = None) -> None:
    order = order or Order(templates=("soap",))
    TypedText(shelf, shelf.prepared.append, lambda: 5.0)(text, order)


def test_it_is_kept_before_anything_is_sent() -> None:
    shelf = Shelf()
    taken_in(shelf)
    ((session, results),) = shelf.kept
    assert session.typed
    assert not session.is_empty
    assert results is not None
    assert results.transcript == SAID
    assert shelf.prepared == [ServiceRef()]


@pytest.mark.parametrize(
    ("text", "order", "sentence"),
    [
        (" \n", None, "no text"),
        ("a" * (LONGEST_TEXT + 1), None, "too long"),
        (SAID, Order(), "No template"),
    ],
)
def test_what_cannot_be_written_is_said(text: str, order: Order | None, sentence: str) -> None:
    shelf = Shelf()
    with pytest.raises(ScribeError, match=sentence):
        taken_in(shelf, text, order)
    assert not shelf.kept


def test_a_full_disk_is_said() -> None:
    with pytest.raises(DiskFull, match="the text was not kept"):
        taken_in(Shelf(refuse=DiskFull("full")))


def test_the_spool_keeps_session_and_text_together(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, bytes(32), now=lambda: 7.0)
    session_id = TypedText(spool, lambda _: None, lambda: 7.0)(SAID, Order(templates=("soap",)))
    spool.close()
    again = Spool.open(tmp_path, bytes(32), now=lambda: 8.0)
    assert again.get(session_id).typed
    (version,) = again.versions(session_id)
    assert (version.author, version.results.transcript) == ("clinician", SAID)
    again.close()
