"""How delivery waits: politely, without end, and never one session for another's sake."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.events import Cancelled, DeliveryFailed, OrderAmended, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import Answer, EndReceipt, Finished, Gone, Processing
from scribe_desktop.services.anew import MOST_SHORTFALLS
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.wire import POLL_S
from tests.services.deliveries import REMOTE, Clock, MemorySpool, an_order

DAY_S = 86_400.0


@dataclass
class Scripted:
    """A service that does what it is told; `refuse` may raise before each call."""

    refuse: Callable[[str, str], None] = lambda _what, _id: None
    calls: list[tuple[str, str]] = field(default_factory=list)
    answer: Answer | None = None
    received: int | None = None
    named: dict[str, str] = field(default_factory=dict)

    def _note(self, what: str, name: str) -> None:
        self.calls.append((what, name))
        self.refuse(what, name)

    def create(self, session: Session) -> Remote:
        self._note("create", session.session_id)
        remote_id = f"ses_{len(self.named):04}"
        self.named[remote_id] = session.session_id
        return Remote(remote_id, '"https://clinic.test/v1/audio"')

    def upload(self, remote: Remote, chunk: EncodedChunk) -> None:
        self._note(f"upload {chunk.index}", self.named[remote.remote_id])

    def end(self, remote: Remote, count: int) -> EndReceipt:
        self._note(f"end {count}", self.named[remote.remote_id])
        return EndReceipt(self.received)

    def send_text(self, remote: Remote, text: str) -> None:
        self._note("text", self.named[remote.remote_id])

    def get(self, remote: Remote) -> Answer:
        self._note("get", self.named[remote.remote_id])
        return self.answer or Finished(Results(Outcome.COMPLETED))

    def amend(self, remote: Remote, order: Order) -> None:
        self._note("amend", self.named[remote.remote_id])

    def withdraw(self, remote: Remote) -> None:
        self._note("withdraw", self.named[remote.remote_id])

    def cut(self, quiet_s: float = 0.0) -> None:
        """Nothing is in flight."""

    def abort(self) -> None:
        """Nothing is in flight."""


class Room:
    def __init__(self, refuse: Callable[[str, str], None] = lambda _what, _id: None) -> None:
        self.clock = Clock()
        self.spool = MemorySpool()
        self.service = Scripted(refuse)
        self.uploader = Uploader(self.spool, lambda _: self.service, self.clock, lambda: 0.0)
        self.poller = Poller(self.spool, lambda _: self.service, self.clock, spread=lambda: 0.0)

    def run(self, until_s: float = DAY_S, steps: int = 3000) -> None:
        """Go on until nothing is due before `until_s` from now."""
        end = self.clock.at + until_s
        for _ in range(steps):
            dues = [self.uploader.step(REMOTE), self.poller.step(REMOTE)]
            ahead = min((due for due in dues if due is not None), default=None)
            if ahead is None or ahead > end:
                return
            self.clock.at = max(self.clock.at, ahead)

    def resolved(self, session_id: SessionId) -> bool:
        return self.spool.get(session_id).delivery is Delivery.RESOLVED


def away(_what: str, _name: str) -> None:
    raise errors.unreachable("unreachable")


def refused(_what: str, _name: str) -> None:
    raise errors.refusal(422, b"", in_session=True)


def test_after_a_day_without_a_network_everything_is_delivered() -> None:
    room = Room(away)
    names = [room.spool.speak(name, 2, at=at) for at, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"))]
    room.run(DAY_S)
    assert all(room.spool.get(name).problem is not None for name in names)
    attempts = len(room.service.calls)
    assert attempts < 3 * 300, "the waits grow"
    assert not any(room.spool.get(name).remote for name in names)
    room.service.refuse = lambda _what, _id: None
    room.service.calls.clear()
    room.run(3600)
    assert all(map(room.resolved, names))
    oldest_first = [names[1], names[2], names[0]]
    for place in ("upload 0", "end 2"):
        assert [name for what, name in room.service.calls if what == place] == oldest_first


def test_when_the_network_is_back_nothing_waits_for_its_own_turn() -> None:
    room = Room(away)
    names = [room.spool.speak(name, 1, at=float(at)) for at, name in enumerate("abcdef")]
    room.run(3600)
    room.service.refuse = lambda _what, _id: None
    room.uploader.release()
    before = room.clock.at
    room.run(60)
    assert all(map(room.resolved, names))
    assert room.clock.at - before < 5
    created = [name for what, name in room.service.calls[-100:] if what == "end 1"]
    assert created == names, "oldest first"


def test_the_first_success_releases_all_that_found_nobody() -> None:
    room = Room(away)
    names = [room.spool.speak(name, 1, at=float(at)) for at, name in enumerate("abcdef")]
    room.run(3600)
    room.service.refuse = lambda _what, _id: None
    room.run(301)
    assert all(map(room.resolved, names))


def test_a_session_that_hangs_the_service_does_not_hold_up_the_next() -> None:
    room = Room()
    bad = room.spool.speak("bad", 1, at=1.0)
    good = room.spool.speak("good", 3, at=2.0)

    def hang(_what: str, name: str) -> None:
        if name == bad:
            raise errors.unreachable("timed_out")

    room.service.refuse = hang
    room.run(60)
    assert room.resolved(good)
    assert room.spool.get(bad).problem is not None


def test_many_sessions_that_hang_the_service_do_not_hold_up_the_rest() -> None:
    room = Room()
    bad = {room.spool.speak(f"bad{n}", 1, at=float(n)) for n in range(4)}
    good = room.spool.speak("good", 3, at=99.0)

    def hang(_what: str, name: str) -> None:
        if name in bad:
            raise errors.unreachable("timed_out")

    room.service.refuse = hang
    room.run(60)
    assert room.resolved(good)


def test_a_refused_session_does_not_hold_up_the_next() -> None:
    room = Room()
    bad = room.spool.speak("bad", 1, at=1.0)
    good = room.spool.speak("good", 1, at=2.0)

    def refuse(what: str, name: str) -> None:
        if name == bad:
            refused(what, name)

    room.service.refuse = refuse
    room.run(1)
    assert room.resolved(good)
    assert room.spool.get(bad).retry_at is None, "it waits for a person"
    assert [what for what, name in room.service.calls if name == bad] == ["create"]


def test_a_question_that_hangs_delays_the_next_result_by_one_time_limit_at_most() -> None:
    room = Room()
    bad = room.spool.speak("bad", 1, at=1.0)
    good = room.spool.speak("good", 1, at=2.0)
    ready_at = room.clock.at + 60.0

    def hang(what: str, name: str) -> None:
        if what != "get":
            return
        is_ready = room.clock.at >= ready_at
        room.service.answer = None if is_ready else Processing(Remote("ses_0001", '""'))
        if name == bad:
            room.clock.at += POLL_S
            raise errors.unreachable("timed_out")

    room.service.refuse = hang
    room.run(600)
    resolved_at = room.spool.get(good).resolved_at
    assert resolved_at is not None
    assert resolved_at - ready_at < POLL_S + 5
    assert not room.resolved(bad)


def test_send_now_tries_the_one_session() -> None:
    room = Room(refused)
    session_id = room.spool.speak(chunks=1)
    other = room.spool.speak("other", 1, at=2000.0)
    room.run(1)
    room.service.refuse = lambda _what, _id: None
    room.uploader.release(session_id)
    room.run(60)
    assert room.resolved(session_id)
    assert not room.resolved(other)


def test_send_now_while_a_call_is_on_the_line_counts_for_it_too() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)

    def busy_once(_what: str, _name: str) -> None:
        room.service.refuse = lambda _what, _id: None
        room.uploader.release(session_id)
        raise errors.refusal(503, b"", in_session=True, retry_after_s=3000.0)

    room.service.refuse = busy_once
    room.run(5)
    assert room.resolved(session_id)
    assert not any(one.problem for one in room.spool.written), (
        "whoever asked would take it for the answer"
    )


def test_signing_in_while_a_result_is_asked_for_counts_for_it_too() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)

    def signed_in_meanwhile(what: str, _name: str) -> None:
        if what == "get":
            room.service.refuse = lambda _what, _id: None
            room.uploader.release()
            room.poller.ask_now()
            raise errors.refusal(403, b"", in_session=True)

    room.service.refuse = signed_in_meanwhile
    room.run(60)
    assert room.resolved(session_id)


def test_signing_in_releases_everything() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=2)

    def sign_in(_what: str, _name: str) -> None:
        raise errors.refusal(403, b"", in_session=True)

    room.service.refuse = sign_in
    room.run(DAY_S)
    assert [what for what, _ in room.service.calls] == ["create"], "nobody is pestered"
    assert room.spool.get(session_id).problem is not None
    room.service.refuse = lambda _what, _id: None
    room.uploader.release()
    room.run(60)
    assert room.resolved(session_id)


def test_retry_after_is_obeyed_but_not_for_a_day() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)

    def busy(_what: str, _name: str) -> None:
        raise errors.refusal(429, b"", in_session=True, retry_after_s=DAY_S)

    room.service.refuse = busy
    room.uploader.step(REMOTE)
    retry_at = room.spool.get(session_id).retry_at
    assert retry_at == room.clock.at + 3600


def test_a_clock_that_was_moved_back_a_day_does_not_delay_a_dictation_by_a_day() -> None:
    room = Room(away)
    session_id = room.spool.speak(chunks=1)
    room.run(600)
    room.service.refuse = lambda _what, _id: None
    room.clock.at -= DAY_S
    room.run(60)
    assert room.resolved(session_id)


def test_a_clock_that_was_moved_back_does_not_delay_a_poll() -> None:
    room = Room()
    room.service.answer = Processing(Remote("ses_0000", '""'))
    session_id = room.spool.speak(chunks=1)
    room.run(60)
    room.clock.at -= DAY_S
    room.service.answer = None
    room.run(60)
    assert room.resolved(session_id)


def test_processing_may_take_as_long_as_it_takes() -> None:
    room = Room()
    room.service.answer = Processing(Remote("ses_0000", '""'))
    session_id = room.spool.speak(chunks=1)
    room.run(20 * 60)
    polls = sum(what == "get" for what, _ in room.service.calls)
    assert 200 < polls < 400, "every second, every two, every five"
    assert room.spool.get(session_id).problem is None
    room.service.answer = None
    room.run(60)
    assert room.resolved(session_id)


def test_a_poll_that_fails_is_repeated_ever_more_rarely() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)
    room.service.refuse = lambda what, name: away(what, name) if what == "get" else None
    room.run(3600)
    assert sum(what == "get" for what, _ in room.service.calls) < 30
    room.service.refuse = lambda _what, _id: None
    room.run(600)
    assert room.resolved(session_id)


def test_chunks_that_the_service_admits_to_lack_are_delivered_anew_and_then_said() -> None:
    room = Room()
    room.service.received = 1
    session_id = room.spool.speak(chunks=2)
    room.run(DAY_S)
    session = room.spool.get(session_id)
    assert (session.delivery, session.outcome) == (Delivery.RESOLVED, Outcome.PARTIAL)
    assert len(session.remote_ids) == 1 + MOST_SHORTFALLS
    assert session.received == session.missing_files == 1
    assert [what for what, _ in room.service.calls].count("end 2") == 1 + MOST_SHORTFALLS


def test_a_text_is_sent_once_though_the_status_never_hears_of_an_end() -> None:
    """No End goes with a text, and one server leaves the status as it was (PROTOCOL.md §1.12)."""
    room = Room()
    room.service.answer = Processing(Remote("ses_0000", '""'), ended=False)
    session_id = room.spool.typed("Rest and fluids.")
    room.run(600)
    assert [what for what, _ in room.service.calls].count("text") == 1
    room.service.answer = None
    room.run(60)
    assert room.resolved(session_id)


def test_a_service_that_forgets_for_ever_is_asked_ever_more_rarely() -> None:
    room = Room()
    room.service.answer = Gone()
    room.spool.speak(chunks=1)
    room.run(DAY_S)
    assert len(room.service.named) < 400


def test_a_session_deleted_while_it_is_sent_is_forgotten() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)

    def delete(_what: str, _name: str) -> None:
        room.spool.kept.pop(session_id)

    room.service.refuse = delete
    room.uploader.step(REMOTE)
    assert room.spool.sessions() == ()

    session_id = room.spool.speak("b", 1)

    def delete_and_fail(_what: str, _name: str) -> None:
        room.spool.kept.pop(session_id)
        raise errors.unreachable("timed_out")

    room.service.refuse = delete_and_fail
    room.uploader.step(REMOTE)


def test_a_session_cancelled_while_a_chunk_is_on_its_way_is_withdrawn() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=2)

    def cancel(what: str, _name: str) -> None:
        if what == "upload 0":
            room.spool.update(session_id, lambda s: apply(s, Cancelled(room.clock.at)))

    room.service.refuse = cancel
    room.run(60)
    assert [what for what, _ in room.service.calls] == ["create", "upload 0", "withdraw"]
    assert room.spool.get(session_id).withdrawn


@pytest.mark.parametrize(
    ("status", "withdrawn"), [(405, True), (409, True), (404, True), (503, False)]
)
def test_a_withdrawal_is_repeated_only_if_that_can_help(status: int, withdrawn: bool) -> None:  # noqa: FBT001  a table
    room = Room()
    session_id = room.spool.speak(chunks=1)
    room.uploader.step(REMOTE)
    room.spool.update(session_id, lambda s: apply(s, Cancelled(room.clock.at)))

    def refuse(_what: str, _name: str) -> None:
        raise errors.refusal(status, b"", in_session=True)

    room.service.refuse = refuse
    room.run(1)
    assert room.spool.get(session_id).withdrawn is withdrawn


@pytest.mark.parametrize("status", [0, 405, 409])
def test_the_service_is_told_of_a_change_before_end_or_takes_none(status: int) -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1, stop=False)
    room.run(60)
    order = replace(an_order(), patient=Patient(oid="o"))
    room.spool.update(session_id, lambda s: apply(s, OrderAmended(order)))
    room.spool.update(session_id, lambda s: apply(s, Stopped(1.0)))

    def refuse(what: str, _name: str) -> None:
        if what == "amend" and status:
            raise errors.refusal(status, b"", in_session=True)

    room.service.refuse = refuse
    room.run(60)
    told = [what for what, _ in room.service.calls]
    assert told == ["create", "upload 0", "amend", "end 1", "get"]


def test_a_change_while_the_session_is_created_is_told_afterwards() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)
    order = replace(an_order(), patient=Patient(oid="o"))

    def change(what: str, _name: str) -> None:
        if what == "create":
            room.spool.update(session_id, lambda s: apply(s, OrderAmended(order)))

    room.service.refuse = change
    room.run(60)
    assert [what for what, _ in room.service.calls][:2] == ["create", "amend"]


def test_a_change_before_create_is_not_told_twice() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)
    room.spool.update(session_id, lambda s: apply(s, OrderAmended(an_order())))
    room.run(60)
    assert "amend" not in [what for what, _ in room.service.calls]


def test_a_session_in_which_nothing_was_said_is_withdrawn_and_not_ended() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=0, stop=False)
    room.run(60)
    room.spool.update(session_id, lambda s: apply(s, Stopped(1.0)))
    room.run(60)
    assert [what for what, _ in room.service.calls] == ["create", "withdraw"]


def test_a_receipt_for_an_earlier_remote_session_does_not_count() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)
    room.run(0)

    def change(what: str, _name: str) -> None:
        if what == "upload 0":
            room.service.refuse = lambda _what, _id: None
            other = Remote("ses_other", '""')
            room.service.named["ses_other"] = session_id
            room.spool.update(session_id, lambda s: replace(s, remote=other))

    room = Room(change)
    session_id = room.spool.speak(chunks=1)
    room.run(60)
    uploads = [what for what, _ in room.service.calls if what == "upload 0"]
    assert len(uploads) == 2
    assert room.resolved(session_id)


def test_each_session_keeps_its_problem_until_it_is_gone() -> None:
    room = Room(away)
    session_id = room.spool.speak(chunks=1)
    room.uploader.step(REMOTE)
    problem = room.spool.get(session_id).problem
    assert problem == Problem(
        "The service cannot be reached. Your recording is safe.",
        "It is sent again by itself.",
        Retry.LATER,
    )
    room.service.refuse = lambda _what, _id: None
    room.run(60)
    assert room.spool.get(session_id).problem is None


def test_live_text_that_cannot_be_had_is_nobodys_business() -> None:
    room = Room()
    said: list[str] = []
    poller = Poller(
        room.spool,
        lambda _: room.service,
        room.clock,
        lambda _id, text: said.append(text),
        has_live_text=lambda _: True,
        spread=lambda: 0.0,
    )
    session_id = room.spool.speak(chunks=1, stop=False)
    room.uploader.step(REMOTE)
    room.uploader.step(REMOTE)
    room.service.refuse = lambda what, name: away(what, name) if what == "get" else None
    due = poller.step(REMOTE)
    assert due == room.clock.at + 5
    assert room.spool.get(session_id).problem is None
    assert poller.step(REMOTE) == due, "not before it is due"
    room.clock.at += 5
    room.service.refuse = lambda _what, _id: None
    room.service.answer = Processing(Remote("ses_0000", '""'), "So far", ended=False)
    assert poller.step(REMOTE) == room.clock.at + 1
    room.clock.at += 1
    poller.step(REMOTE)
    assert said == ["So far"], "said once"


def test_an_aborted_call_is_no_failure() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)

    def abort(_what: str, _name: str) -> None:
        raise errors.unreachable(errors.ABORTED)

    room.service.refuse = abort
    before = room.spool.get(session_id)
    room.uploader.step(REMOTE)
    assert room.spool.get(session_id) == before


def test_a_failure_noted_by_an_older_program_is_only_a_failure() -> None:
    room = Room()
    session_id = room.spool.speak(chunks=1)
    problem = Problem("x", "y", Retry.NEVER)
    room.spool.update(session_id, lambda s: apply(s, DeliveryFailed(problem, None)))
    room.run(DAY_S)
    assert room.service.calls == []
    with pytest.raises(ServiceError):
        raise errors.refusal(500, b"", in_session=False)


@pytest.mark.parametrize("back_s", [60.0, 1_800.0, 4_600.0])
def test_a_clock_that_is_set_back_makes_nothing_wait(back_s: float) -> None:
    spool, clock, really = MemorySpool(), Clock(), Clock(0.0)
    busy = ServiceError("busy", "", retry=Retry.LATER, status=503, retry_after_s=300)
    service = Scripted(refuse=refuse_once(busy))
    uploader = Uploader(spool, lambda _: service, clock, lambda: 0.0, clock=really)
    session_id = spool.speak(chunks=1)
    uploader.step(REMOTE)
    assert spool.get(session_id).retry_at == clock.at + 300.0
    clock.at += 10.0
    really.at += 10.0
    assert uploader.step(REMOTE) is not None
    assert len(service.calls) == 1, "it waits as long as it was asked to"
    clock.at -= back_s
    really.at += 10.0
    uploader.step(REMOTE)
    assert spool.get(session_id).remote is not None, "it was tried at once"


def test_after_a_restart_no_wait_is_longer_than_the_program_itself_would_wait() -> None:
    spool, clock = MemorySpool(), Clock()
    session_id = spool.speak(chunks=1)
    problem = Problem("busy", "", Retry.LATER)
    for wait_s, waits in ((200.0, True), (3_000.0, False)):
        failed = DeliveryFailed(problem, clock.at + wait_s)
        spool.update(session_id, lambda s, failed=failed: apply(s, failed))  # type: ignore[misc]
        uploader = Uploader(spool, lambda _: Scripted(), clock)
        uploader._lanes.start = lambda: None  # type: ignore[method-assign]
        uploader.start()
        assert (spool.get(session_id).retry_at is not None) is waits


def refuse_once(error: ServiceError) -> Callable[[str, str], None]:
    refusals = [error]

    def refuse(_what: str, _id: str) -> None:
        if refusals:
            raise refusals.pop()

    return refuse
