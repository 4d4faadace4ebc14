"""A service that says "done" and did not do it is told again, and never believed for ever.

The real local service behind the fault proxy, which answers in its place.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.retention import due
from scribe_desktop.domain.session import Delivery, Problem
from scribe_desktop.domain.settings import Settings
from scribe_desktop.services.anew import MOST_SHORTFALLS
from tests.faults.memory_story import Story
from tests.faults.proxy import Arrived, FaultProxy
from tests.faults.replies import written

FOREVER = 1e12

NONSENSE = [f"answer 200 {kind}" for kind in ("empty", "null", "nulls", "deep", "wrong types")]


class Liar(FaultProxy):
    """Forwards everything, and changes what the service says of a session."""

    def __init__(self, upstream: Callable[[], int]) -> None:
        super().__init__(upstream)
        self.retell: Callable[[dict[str, Any]], dict[str, Any]] = lambda said: said

    def _forward(self, arrived: Arrived) -> tuple[bytes, Callable[[], None] | None]:
        reply, action = super()._forward(arrived)
        head, _, body = reply.partition(b"\r\n\r\n")
        if b'"audio_files_received"' not in body:
            return reply, action
        told = json.dumps(self.retell(json.loads(body))).encode()
        return written(int(head.split()[1]), {"Content-Type": "application/json"}, told), action


def recounted(recount: Callable[[int], int]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda said: said | {"audio_files_received": recount(said["audio_files_received"])}


def uncounted(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "audio_files_received"}


class LiedTo(Story):
    """What was acknowledged need not be there; in the end it is, or it is said."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.proxy.close()
        self.proxy: Liar = Liar(lambda: self.service.port)
        self.problems: list[Problem] = []
        self.presses_send_now = False

    def _nothing_is_lost(self) -> None:
        session = self.session
        if session.problem is not None and session.problem not in self.problems:
            assert "safe" in session.problem.message
            assert session.problem.remedy
            self.problems.append(session.problem)
            if self.presses_send_now and session.problem.retry is Retry.FRESH_SESSION:
                self.desk.uploader.release(session.session_id)
        if session.delivery is Delivery.RESOLVED and session.outcome is Outcome.COMPLETED:
            assert self.service_digests(session) == self.digests()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[LiedTo]:
    story = LiedTo(tmp_path)
    yield story
    story.close()


def ends(story: Story) -> int:
    return sum(arrived.purpose == "end" for arrived in story.proxy.arrived)


# --- End ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*NONSENSE, "answer 400 session_ended", "answer 409"])
def test_an_end_that_was_taken_and_not_done_is_said_again(story: LiedTo, fault: str) -> None:
    session = story.play(f"speak 3 chunks | end: {fault} | stop")
    assert (ends(story), len(session.remote_ids)) == (2, 1)
    assert story.persons_asked == 0
    assert story.problems == [], "once may be a status that is late"


def test_end_after_end_that_is_not_done_is_said_and_waits_for_a_person_too(story: LiedTo) -> None:
    session = story.play("speak 3 chunks | end: answer 200 empty x5 | stop")
    assert (ends(story), len(session.remote_ids)) == (6, 1)
    assert [problem.retry for problem in story.problems] == [Retry.LATER, Retry.FRESH_SESSION]
    assert max(story.waited) >= 900, "ever more rarely"


def test_send_now_delivers_anew_what_a_service_never_ends(story: LiedTo) -> None:
    story.presses_send_now = True
    session = story.play("speak 3 chunks | end: answer 200 empty x4 | stop")
    assert (ends(story), len(session.remote_ids)) == (5, 2)


def test_a_status_that_is_late_makes_nobody_say_end_twice(story: LiedTo) -> None:
    statuses = iter(["recording", "created", "initialized"])

    def retell(said: dict[str, Any]) -> dict[str, Any]:
        return said if "message" in said else said | {"status": next(statuses, said["status"])}

    story.proxy.retell = retell
    story.play("speak 3 chunks | stop")
    assert next(statuses, None) is None
    assert ends(story) == 1


# --- chunks ------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_chunk_that_was_acknowledged_and_is_not_there_is_sent_again(
    story: LiedTo, times: int
) -> None:
    session = story.play(f"speak 3 chunks | upload 2: answer 200 empty x{times} | stop")
    assert session.outcome is Outcome.COMPLETED
    assert len(session.remote_ids) == 1 + times
    assert len(story.problems) == (times > 1)
    assert story.persons_asked == 0
    assert not session.missing_files


def test_a_service_that_loses_the_same_chunk_for_ever_is_not_believed(story: LiedTo) -> None:
    # The story itself expects that all of it arrives.
    with pytest.raises(AssertionError):
        story.play("speak 3 chunks | upload 2: answer 200 empty x9 | stop")
    session = story.session
    assert (session.delivery, session.outcome) == (Delivery.RESOLVED, Outcome.PARTIAL)
    assert (session.received, session.files, session.missing_files) == (2, 3, 1)
    assert len(session.remote_ids) == 1 + MOST_SHORTFALLS
    assert sum(story.waited) > 60, "ever more rarely"
    assert story.spool.results[story.session_id].transcript == "zero one"
    assert due((session,), frozenset({session.session_id}), Settings(), FOREVER) == ()


@pytest.mark.parametrize("recount", [lambda count: max(count - 1, 0), lambda _: 0])
def test_a_service_that_only_counts_wrongly_gives_its_result_in_the_end(
    story: LiedTo, recount: Callable[[int], int]
) -> None:
    story.proxy.retell = recounted(recount)
    session = story.play("speak 3 chunks | stop")
    assert session.outcome is Outcome.PARTIAL
    assert session.missing_files == 3 - recount(3)
    assert len(session.remote_ids) == 1 + MOST_SHORTFALLS


def test_a_service_that_counts_nothing_is_believed(story: LiedTo) -> None:
    story.proxy.retell = uncounted
    session = story.play("speak 3 chunks | stop")
    assert session.outcome is Outcome.COMPLETED
    assert len(session.remote_ids) == 1


def test_what_the_receipt_of_end_does_not_say_the_result_does(story: LiedTo) -> None:
    def retell(said: dict[str, Any]) -> dict[str, Any]:
        return uncounted(said) if "message" in said else said

    story.proxy.retell = retell
    session = story.play("speak 3 chunks | upload 2: answer 200 empty | stop")
    assert session.outcome is Outcome.COMPLETED
    assert len(session.remote_ids) == 2


def test_a_lost_receipt_hides_no_lost_chunk(story: LiedTo) -> None:
    session = story.play("speak 3 chunks | upload 2: answer 200 empty | end: lose reply | stop")
    assert session.outcome is Outcome.COMPLETED
    assert len(session.remote_ids) == 2


# --- a chunk that is said to be there ----------------------------------------------------


def test_a_chunk_whose_reply_was_lost_may_be_refused_when_it_is_repeated(story: LiedTo) -> None:
    session = story.play("speak 3 chunks | upload 1: lose reply | upload 1: answer 409 | stop")
    assert len(session.remote_ids) == 1
    assert story.persons_asked == 0


def test_that_is_known_without_a_count_too(story: LiedTo) -> None:
    story.proxy.retell = uncounted
    session = story.play("speak 3 chunks | upload 1: lose reply | upload 1: answer 409 | stop")
    assert len(session.remote_ids) == 1
    assert story.persons_asked == 0


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("fault", ["answer 409", "answer 409 txn_already_initialized"])
def test_a_chunk_that_was_never_sent_is_not_believed_to_be_there(
    story: LiedTo, fault: str, *, counts: bool
) -> None:
    if not counts:
        story.proxy.retell = uncounted
    session = story.play(f"speak 3 chunks | upload 1: {fault} | stop")
    assert story.persons_asked == 1
    assert story.problems[0].retry is Retry.FRESH_SESSION
    assert len(session.remote_ids) == 2, "Send now delivers it anew"


def test_a_chunk_for_a_session_that_is_over_is_delivered_anew(story: LiedTo) -> None:
    session = story.play("speak 3 chunks | upload 1: answer 409 session_already_committed | stop")
    assert (len(session.remote_ids), story.persons_asked) == (2, 0)


@pytest.mark.parametrize("code", ["", " txn_already_initialized", " session_already_committed"])
def test_a_question_is_asked_again_after_a_409(story: LiedTo, code: str) -> None:
    session = story.play(f"speak 3 chunks | poll: answer 409{code} | stop")
    assert (len(session.remote_ids), story.persons_asked) == (1, 0)
