"""A recording in several sessions is one line of time, with its gaps and bookmarks."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.audio import SAMPLE_RATE, Gap
from scribe_desktop.domain.events import Bookmarked, BookmarkRemoved
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.playback import TimeLine, audible, place_of, time_line
from scribe_desktop.domain.record import read_session, session_record
from scribe_desktop.domain.session import Capture, Session, SessionId

FIRST = Session(
    SessionId("a"), 1.0, Order(), Capture.STOPPED, chunks=1, frames=10 * SAMPLE_RATE,
    gaps=(Gap(4 * SAMPLE_RATE, 1.5, "unplugged"), Gap(99 * SAMPLE_RATE, 1.0, "late")),
    bookmarks=(2 * SAMPLE_RATE,),
)  # fmt: skip
EMPTY = replace(FIRST, session_id=SessionId("b"), frames=0, gaps=(), bookmarks=())
GONE = replace(FIRST, session_id=SessionId("c"), cancelled_at=2.0)
LAST = replace(
    FIRST, session_id=SessionId("d"), frames=5 * SAMPLE_RATE, gaps=(),
    bookmarks=(0, 5 * SAMPLE_RATE),
)  # fmt: skip
PARTS = (FIRST, EMPTY, GONE, LAST)


def test_linked_sessions_are_one_line() -> None:
    line = time_line(PARTS)
    assert line.length_s == 15.0
    assert [(one.at_s, one.lost_s) for one in line.missing] == [(4.0, 1.5), (10.0, 1.0)]
    assert line.bookmarks == (2.0, 10.0, 15.0)
    assert audible(PARTS) == (FIRST, LAST)
    assert time_line(()) == TimeLine()


def test_a_gap_says_what_it_is() -> None:
    unheard = Gap(0, 2.0, "not heard", recorded=True)
    line = time_line((replace(FIRST, gaps=(unheard, Gap(0, 0.0, "the file is damaged"))),))
    assert [(one.words, one.recorded) for one in line.missing] == [
        ("2.0 s missing: not heard", True),
        ("A part is missing: the file is damaged", False),
    ]


def test_a_place_is_in_one_session() -> None:
    assert place_of(PARTS, 9.5) == ("a", round(9.5 * SAMPLE_RATE))
    assert place_of(PARTS, 10.0) == ("d", 0)
    assert place_of(PARTS, 99.0) == ("d", LAST.frames)
    assert place_of(PARTS, -1.0) == ("a", 0)
    assert place_of((EMPTY, GONE), 1.0) is None


@given(st.floats(0, 15))
def test_a_bookmark_that_is_set_is_found_where_it_was_set(at_s: float) -> None:
    place = place_of(PARTS, at_s)
    assert place is not None
    session_id, frame = place
    marked = tuple(
        apply(one, Bookmarked(frame)) if one.session_id == session_id else one for one in PARTS
    )
    found = time_line(marked).bookmark_at(at_s)
    assert found is not None
    assert abs(found - at_s) < 1 / SAMPLE_RATE
    assert place_of(marked, found) in {place, ("d", 0)}


def test_bookmarks_are_set_once_and_taken_away_and_survive_a_restart() -> None:
    session = FIRST
    for frame in (5, 3, 5, -7):
        session = apply(session, Bookmarked(frame))
    assert session.bookmarks == (0, 3, 5, 2 * SAMPLE_RATE)
    session = apply(apply(session, BookmarkRemoved(3)), BookmarkRemoved(4))
    assert session.bookmarks == (0, 5, 2 * SAMPLE_RATE)
    assert read_session(session_record(session)) == session


def test_the_marks_around_a_place() -> None:
    line = TimeLine(20.0, bookmarks=(2.0, 10.0, 15.0))
    assert line.bookmark_at(2.5) == 2.0
    assert line.bookmark_at(5.0) is None
    assert line.bookmark_after(2.0) == 10.0
    assert line.bookmark_after(15.0) is None
    assert line.bookmark_before(10.2) == 2.0
    assert line.bookmark_before(1.0) is None
    assert (line.within(-1.0), line.within(3.0), line.within(30.0)) == (0.0, 3.0, 20.0)
