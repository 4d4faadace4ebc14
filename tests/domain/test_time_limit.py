"""A dictation with a time ends when the time is up, with or without a microphone."""

from collections.abc import Sequence
from itertools import pairwise

from scribe_desktop.domain.time_limit import LATE_S, OPENING_S, TimeLimit


def first_over(limit: TimeLimit, heard: Sequence[tuple[float, float]]) -> float | None:
    """The first tenth at which it is over; `heard` tells when so much was recorded, in between."""
    for tenth in range(1000):
        now = tenth / 10
        before, after = next(((a, b) for a, b in pairwise(heard) if a[0] <= now < b[0]), heard[-2:])
        share = min(1.0, (now - before[0]) / (after[0] - before[0]))
        spoken_s = before[1] + share * (after[1] - before[1])
        if limit.is_over(now + 5000, spoken_s=spoken_s):
            return now
    return None


def test_all_is_well_and_the_recording_is_as_long_as_was_asked() -> None:
    assert first_over(TimeLimit(10), [(0, 0), (0.3, 0), (90, 89.7)]) == 10.3


def test_the_only_microphone_is_pulled_out_and_the_clock_ends_it() -> None:
    over = first_over(TimeLimit(10), [(0, 0), (4, 4), (99, 4)])
    assert over is not None
    assert 10 <= over <= 10 + LATE_S + 0.2


def test_a_microphone_that_never_gives_a_sample_is_not_waited_for_for_ever() -> None:
    over = first_over(TimeLimit(3), [(0, 0), (99, 0)])
    assert over is not None
    assert 13 <= over <= 3 + OPENING_S + 0.2


def test_a_slow_microphone_costs_no_words() -> None:
    over = first_over(TimeLimit(5), [(0, 0), (8, 0), (99, 91)])
    assert over == 13.0


def test_a_recording_that_paused_itself_ends_at_its_time() -> None:
    over = first_over(TimeLimit(30), [(0, 0.0), (12, 12.0), (99, 12.0)])
    assert over is not None
    assert 30 <= over <= 30 + LATE_S + 0.2
