"""Moves a running dictation on to a linked session before the service's limit, and says so before.

When is decided in `domain/rollover.py`; here is what was told and asked for
already, because the look is taken again every few seconds.
"""

import secrets
from collections.abc import Callable

from scribe_desktop.collaborators import Listener, Recording, Services, Store
from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import PartEnding
from scribe_desktop.domain.rollover import Lease, Outlook, leased, outlook
from scribe_desktop.domain.session import Session, SessionId


def new_session_id() -> SessionId:
    """A fresh id: `ses_` and 24 hex digits."""
    return SessionId(f"ses_{secrets.token_hex(12)}")


class RollingOver:
    """Looks after the dictation at the microphone, on the thread of whoever calls `look_at`.

    `since_boot` goes on in sleep and is set by nobody: the service's sessions grow old by it.
    """

    def __init__(
        self,
        store: Store,
        services: Services,
        now: Callable[[], float],
        since_boot: Callable[[], float],
        tell: Listener,
    ) -> None:
        self._store = store
        self._services = services
        self._now = now
        self._since_boot = since_boot
        self._tell = tell
        self._lease: Lease | None = None
        self._foretold: set[SessionId] = set()
        self._refused: set[SessionId] = set()
        self._handed_over: set[SessionId] = set()

    def look_at(self, session: Session, recording: Recording) -> None:
        """Say that `session` is near its end, or have `recording` go on in a linked one."""
        if session.session_id in self._handed_over:
            return
        model = self._services.offer(session.order.service).model(session.order.model)
        max_session_s = model.max_session_s if model else None
        spoken_s = seconds(recording.session_frames)
        ahead = outlook(spoken_s, max_session_s, self._lease_of(session), self._since_boot())
        if ahead is not Outlook.FAR:
            self._foretell(session.session_id)
        if ahead is Outlook.DUE:
            self._hand_over(session, recording)

    def _lease_of(self, session: Session) -> Lease | None:
        remote = session.remote
        if remote is None:
            return None
        if self._lease is None or self._lease.remote_id != remote.remote_id:
            skew_s = self._services.clock_skew_s(session.order.service) or 0.0
            self._lease = leased(remote, self._since_boot(), self._now() + skew_s)
        return self._lease

    def _foretell(self, session_id: SessionId) -> None:
        if session_id in self._foretold:
            return
        self._foretold.add(session_id)
        self._tell(
            PartEnding(
                session_id,
                "The service soon takes no more in this part; "
                "the dictation goes on in a new one without a break.",
                "Just go on speaking: nothing is lost, and it is shown as one dictation.",
            )
        )

    def _hand_over(self, session: Session, recording: Recording) -> None:
        follower = Session(new_session_id(), self._now(), session.order, follows=session.session_id)
        try:
            # Itself and not later: what is spoken goes there next.
            self._store.add(follower)
        except ScribeError as error:
            self._refuse(session.session_id, error)
            return
        self._handed_over.add(session.session_id)
        recording.continue_in(follower.session_id)

    def _refuse(self, session_id: SessionId, error: ScribeError) -> None:
        if session_id in self._refused:
            return
        self._refused.add(session_id)
        self._tell(
            PartEnding(
                session_id,
                f"The dictation cannot go on in a new part now. {error.message} "
                "What you say is recorded all the same; the new part is tried again by itself.",
                error.remedy,
                goes_on=False,
            )
        )
