"""A disk that will soon be full is spoken of before the dictation, and a roomy one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.room import BYTES_PER_MINUTE, ENOUGH_MINUTES, foretold


@pytest.mark.parametrize(
    ("free", "minutes"),
    [(-1, 0), (0, 0), (BYTES_PER_MINUTE - 1, 0), (90 * BYTES_PER_MINUTE, 90)],
)
def test_what_still_fits_is_said_in_minutes(free: int, minutes: int) -> None:
    told = foretold(free)
    assert told is not None
    assert f"about {minutes} more minutes" in told.message
    assert told.remedy
    assert not told.recovered


@given(free=st.integers(ENOUGH_MINUTES * BYTES_PER_MINUTE, 10**15))
def test_three_hours_are_enough(free: int) -> None:
    assert foretold(free) is None
    assert foretold(ENOUGH_MINUTES * BYTES_PER_MINUTE - 1) is not None
