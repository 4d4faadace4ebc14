"""A clock that is far off is said in words that a clinician can act on."""

import pytest

from scribe_desktop.domain.clock import clock_trouble


@pytest.mark.parametrize("skew_s", [None, 0.0, 300.0, -300.0])
def test_near_enough_is_not_told(skew_s: float | None) -> None:
    assert clock_trouble("EkaScribe", skew_s) is None


@pytest.mark.parametrize(
    ("skew_s", "words"),
    [
        (301.0, "5 minutes behind the one of EkaScribe"),
        (-420.0, "7 minutes ahead of the one of EkaScribe"),
        (3600.0, "60 minutes behind"),
        (-3 * 3600.0, "about 3 hours ahead of"),
        (86_400.0 * 40, "about 40 days behind"),
    ],
)
def test_far_off_is_told_with_its_side_and_size(skew_s: float, words: str) -> None:
    trouble = clock_trouble("EkaScribe", skew_s)
    assert trouble is not None
    assert words in trouble.message
    assert "safe" in trouble.message
    assert "Set the date and time" in trouble.remedy
