"""Keeps the dictations of several clinicians on one computer apart: each account sees its own.

A dictation belongs to the account that its service was chosen with, for its
whole life. Whoever wants another's chooses that account in the settings.
"""

from collections.abc import Iterable

from scribe_desktop.domain.session import Capture, Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.view_state import count


def account_of(settings: Settings) -> str:
    """The account of the chosen service; empty where there is only one."""
    profile = settings.profile(settings.service)
    return profile.account if profile is not None else ""


def of_account(sessions: Iterable[Session], account: str) -> tuple[Session, ...]:
    """Those of the account, and what records now whoever began it."""
    return tuple(
        one
        for one in sessions
        if one.order.service.account == account or one.capture is not Capture.STOPPED
    )


def others_sentence(others: int) -> str:
    """That there are more, without a word about whose they are."""
    if not others:
        return ""
    said = count(others, "dictation of another account is", "dictations of other accounts are")
    return f"{said} not listed. Choose the account in the settings to see them."
