"""A chunk that the service did not hear becomes a gap with the terminal answer, and not before."""

from dataclasses import replace

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.order import Order, UploadType
from scribe_desktop.domain.record import read_results, read_session, results_record, session_record
from scribe_desktop.domain.results import FilesTold, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.domain.unheard import NOT_READ, NOT_THERE, with_unheard

SENT = Session(
    SessionId("a"), 1.0, Order(), Capture.STOPPED, Delivery.RESOLVED, chunks=4,
    frames=40 * SAMPLE_RATE, accepted=4, remote=Remote("ses_1", '"u"'), received=4,
)  # fmt: skip
FRAMES = dict.fromkeys(range(4), 10 * SAMPLE_RATE)
Place = tuple[float, float, str]


def places(session: Session) -> list[Place]:
    assert all(gap.recorded for gap in session.gaps)
    return [(gap.at_frame / SAMPLE_RATE, gap.seconds_lost, gap.reason) for gap in session.gaps]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (FilesTold(), []),
        (FilesTold(4, (0, 1, 2, 3)), []),
        (FilesTold(3, (0, 2, 3)), [(10.0, 10.0, NOT_THERE)]),
        (FilesTold(None, (0, 2, 3)), [(10.0, 10.0, NOT_THERE)]),
        (FilesTold(2, (0, 3)), [(10.0, 20.0, NOT_THERE)]),
        (FilesTold(2, (1, 2)), [(0.0, 10.0, NOT_THERE), (30.0, 10.0, NOT_THERE)]),
        (FilesTold(4, (0, 1, 2, 3), (3,)), [(30.0, 10.0, NOT_READ)]),
        (FilesTold(3, (0, 1, 2), (0,)), [(30.0, 10.0, NOT_THERE), (0.0, 10.0, NOT_READ)]),
        # Named as unreadable and left out of the list: one gap, not two.
        (FilesTold(3, (0, 1, 2), (3,)), [(30.0, 10.0, NOT_READ)]),
        # No list, or one that contradicts itself or goes by other numbers than ours.
        (FilesTold(3), []),
        (FilesTold(4, (0, 1)), []),
        (FilesTold(4, (1, 2, 3, 4)), []),
        (FilesTold(4, (), (7,)), []),
    ],
)
def test_which_stretches_the_service_did_not_hear(told: FilesTold, expected: list[Place]) -> None:
    heard = with_unheard(SENT, told, FRAMES)
    assert places(heard) == expected
    assert heard.received == (4 if told.received is None else told.received)
    assert read_session(session_record(heard)) == heard
    results = Results(Outcome.PARTIAL, files=told)
    assert read_results(results_record(results)) == results


def test_a_piece_of_a_chunk_is_no_more_than_its_piece() -> None:
    cut = replace(SENT, pieces=2, accepted=8)
    heard = with_unheard(cut, FilesTold(6, (0, 1, 2, 5, 6, 7)), FRAMES)
    assert places(heard) == [(15.0, 10.0, NOT_THERE)]


@pytest.mark.parametrize(
    "changes", [{"order": Order(upload_type=UploadType.STREAM)}, {"typed": True}]
)
def test_what_is_not_sent_in_chunks_has_no_such_gap(changes: dict[str, object]) -> None:
    session = replace(SENT, **changes)  # type: ignore[arg-type]
    assert with_unheard(session, FilesTold(1, (0,), (1,)), FRAMES).gaps == ()


def test_a_chunk_whose_length_is_not_known_makes_no_gap() -> None:
    assert with_unheard(SENT, FilesTold(3, (0, 1, 2)), {}).gaps == ()


def test_what_storage_counted_at_the_end_is_not_believed() -> None:
    form = replace(SENT, remote=Remote("ses_1", '{"url": "u"}'), received=1)
    assert with_unheard(form, FilesTold(), FRAMES).received is None
    assert with_unheard(form, FilesTold(4), FRAMES).received == 4
    assert with_unheard(replace(form, remote=None), FilesTold(), FRAMES).received == 1
