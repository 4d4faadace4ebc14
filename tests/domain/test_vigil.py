"""A forgotten recording asks, then pauses; speech puts it off."""

import pytest

from scribe_desktop.domain.vigil import GRACE_S, Patience, Vigil


@pytest.mark.parametrize(
    ("silent_s", "verdict"),
    [
        (0.0, Vigil.LISTEN),
        (119.9, Vigil.LISTEN),
        (120.0, Vigil.ASK),
        (120.0 + GRACE_S - 0.1, Vigil.ASK),
        (120.0 + GRACE_S, Vigil.PAUSE),
        (1e9, Vigil.PAUSE),
    ],
)
def test_silence_is_asked_about_and_then_paused(silent_s: float, verdict: Vigil) -> None:
    assert Patience(120.0).judge(silent_s) is verdict
