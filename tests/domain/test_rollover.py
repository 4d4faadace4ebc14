"""A dictation moves to a linked session in time, and not without need."""

from dataclasses import replace

from scribe_desktop.domain.order import Order
from scribe_desktop.domain.rollover import EXPIRY_MARGIN_S, MARGIN_S, is_due
from scribe_desktop.domain.session import Remote, Session, SessionId

SESSION = Session(SessionId("ses_" + "0" * 24), 1000.0, Order())


def spoken(duration_s: float) -> Session:
    return replace(SESSION, frames=int(duration_s * 16_000))


def test_speech_is_counted_against_the_models_limit() -> None:
    assert not is_due(spoken(3600 - MARGIN_S - 1), 3600.0, 0.0)
    assert is_due(spoken(3600 - MARGIN_S), 3600.0, 0.0)


def test_a_short_limit_is_used_to_its_half_at_least() -> None:
    assert not is_due(spoken(29.0), 60.0, 0.0)
    assert is_due(spoken(30.0), 60.0, 0.0)


def test_the_clock_counts_too() -> None:
    open_session = replace(SESSION, remote=Remote("ses_r", '"u"', expires_at=1000.0 + 3600.0))
    assert not is_due(open_session, None, 1000.0 + 3600.0 - EXPIRY_MARGIN_S - 1)
    assert is_due(open_session, None, 1000.0 + 3600.0 - EXPIRY_MARGIN_S)


def test_a_session_that_never_expires_and_has_no_limit_is_never_due() -> None:
    without = replace(spoken(1e6), remote=Remote("ses_r", '"u"'))
    assert not is_due(without, None, 1e12)
    assert not is_due(SESSION, 3600.0, 1e12)
