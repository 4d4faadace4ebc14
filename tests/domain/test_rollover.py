"""A dictation moves to a linked session in time, and not without need."""

import pytest

from scribe_desktop.domain.rollover import (
    EXPIRY_MARGIN_S,
    MARGIN_S,
    NEAR_S,
    Lease,
    Outlook,
    leased,
    outlook,
)
from scribe_desktop.domain.session import Remote

DAY_S = 86_400.0
HOUR_S = 3600.0


def test_speech_is_counted_against_the_models_limit() -> None:
    usable_s = HOUR_S - MARGIN_S
    assert outlook(usable_s - NEAR_S - 1, HOUR_S, None, 0.0) is Outlook.FAR
    assert outlook(usable_s - NEAR_S, HOUR_S, None, 0.0) is Outlook.NEAR
    assert outlook(usable_s - 1, HOUR_S, None, 0.0) is Outlook.NEAR
    assert outlook(usable_s, HOUR_S, None, 0.0) is Outlook.DUE


def test_a_short_limit_is_used_to_its_half_at_least_and_told_at_a_quarter() -> None:
    assert outlook(14.0, 60.0, None, 0.0) is Outlook.FAR
    assert outlook(15.0, 60.0, None, 0.0) is Outlook.NEAR
    assert outlook(29.0, 60.0, None, 0.0) is Outlook.NEAR
    assert outlook(30.0, 60.0, None, 0.0) is Outlook.DUE


def test_the_nearest_limit_counts() -> None:
    lease = Lease("ses_r", 0.0, HOUR_S)
    assert outlook(0.0, HOUR_S, lease, HOUR_S) is Outlook.DUE
    assert outlook(HOUR_S, HOUR_S, lease, 0.0) is Outlook.DUE
    assert outlook(0.0, HOUR_S, lease, 0.0) is Outlook.FAR


@pytest.mark.parametrize("ahead_s", [0.0, DAY_S, -DAY_S])
@pytest.mark.parametrize("says_when_made", [True, False])
def test_age_is_counted_by_the_services_own_clock(ahead_s: float, *, says_when_made: bool) -> None:
    theirs = 1000.0 + ahead_s
    made_at = theirs if says_when_made else None
    # Who says when it was made need not be asked for the time: what is known of it may be old.
    service_now = 5.0 if says_when_made else theirs
    lease = leased(Remote("ses_r", '"u"', theirs + HOUR_S, made_at), 50.0, service_now)
    assert lease == Lease("ses_r", 50.0, HOUR_S)
    due_s = 50.0 + HOUR_S - EXPIRY_MARGIN_S
    assert outlook(0.0, None, lease, due_s - NEAR_S - 1) is Outlook.FAR
    assert outlook(0.0, None, lease, due_s - NEAR_S) is Outlook.NEAR
    assert outlook(0.0, None, lease, due_s) is Outlook.DUE


@pytest.mark.parametrize("expires_at", [None, 1000.0 - DAY_S, 1010.0])
def test_a_session_that_never_expires_or_says_nonsense_is_never_due(
    expires_at: float | None,
) -> None:
    lease = leased(Remote("ses_r", '"u"', expires_at, 1000.0), 0.0, 1000.0)
    assert lease.lasts_s is None
    assert outlook(1e6, None, lease, 1e12) is Outlook.FAR
