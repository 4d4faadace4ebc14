"""A bookmark set while speaking lies where it was said, also after the service's limit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.events import ChunkSealed, SpeechStarted, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.playback import time_line
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool import Spool
from tests.wiring.small_line import Recording, line_over


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool.open(tmp_path, bytes(range(32)), now=lambda: 1.0)
    yield opened
    opened.close()


def test_a_bookmark_while_speaking_counts_in_its_own_session(spool: Spool) -> None:
    made: list[Recording] = []
    line = line_over(spool, made)
    line.bookmark_now()
    first = line.start(Order())
    (recording,) = made
    recording.recorded_frames = 3 * SAMPLE_RATE
    line.bookmark_now()
    assert spool.get(first).bookmarks == (3 * SAMPLE_RATE,)
    # The service takes no more: it goes on in a linked session.
    spool.update(first, lambda one: apply(one, ChunkSealed(0, 10 * SAMPLE_RATE)))
    linked = Session(SessionId("ses_" + "b" * 24), 2.0, Order(), follows=first)
    spool.add(linked)
    recording.session_id = linked.session_id
    recording.recorded_frames = 12 * SAMPLE_RATE
    line.bookmark_now()
    assert spool.get(linked.session_id).bookmarks == (2 * SAMPLE_RATE,)
    line.bookmark(first, 3 * SAMPLE_RATE, wanted=False)
    assert spool.get(first).bookmarks == ()
    spool.update(linked.session_id, lambda one: apply(one, SpeechStarted(2.0)))
    spool.update(linked.session_id, lambda one: apply(one, ChunkSealed(0, 5 * SAMPLE_RATE)))
    parts = (spool.get(first), spool.get(linked.session_id))
    assert time_line(parts).bookmarks == (12.0,)


# --- what else the line does to the dictation at the microphone --------------------------------


def test_the_next_dictation_begins_although_the_last_one_was_deleted_for_good(spool: Spool) -> None:
    made: list[Recording] = []
    line = line_over(spool, made)
    first = line.start(Order())
    spool.update(first, lambda one: apply(one, Stopped(2.0)))
    spool.delete(first)
    assert line.running() is None
    assert line.state()["session_id"] is None
    second = line.start(Order())
    assert [one.session_id for one in made] == [first, second]


def test_a_cancel_sets_aside_all_that_was_spoken_and_nothing_that_is_over(spool: Spool) -> None:
    made: list[Recording] = []
    line = line_over(spool, made)
    first = line.start(Order())
    linked = Session(SessionId("ses_" + "b" * 24), 2.0, Order(), follows=first)
    spool.add(linked)
    made[0].session_id = linked.session_id
    spool.update(first, lambda one: apply(one, Stopped(2.0)))
    line.cancel()
    assert made[0].is_stopped
    assert spool.get(first).is_cancelled
    assert spool.get(linked.session_id).is_cancelled
    spool.update(linked.session_id, lambda one: apply(one, Stopped(2.0)))
    second = line.start(Order())
    spool.update(second, lambda one: apply(one, Stopped(3.0)))
    line.cancel()
    assert not spool.get(second).is_cancelled, "it is finished and on its way"
