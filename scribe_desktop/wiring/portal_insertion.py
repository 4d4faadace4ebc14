"""Keeps the permission to insert text on a Wayland desktop, for as long as it is wanted.

The desktop asks the clinician, who may take minutes to answer; so the
question stands on a thread of its own, and until then text is copied.
"""

import threading
from collections.abc import Callable

from scribe_desktop.desktop.insertion.insert import Tools
from scribe_desktop.desktop.insertion.portal import PortalDesk, PortalFocus, PortalSession


class PortalInsertion:
    """Any thread may call."""

    def __init__(
        self, make_session: Callable[[], PortalSession], ours_is_active: Callable[[], bool]
    ) -> None:
        self._make_session = make_session
        self._focus = PortalFocus(ours_is_active)
        self._lock = threading.Lock()
        self._session: PortalSession | None = None
        self._desk: PortalDesk | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether the setting is on."""
        with self._lock:
            return self._session is not None

    @property
    def plain_word(self) -> str:
        """Why text is only copied now; empty when it can be inserted."""
        with self._lock:
            return self._session.plain_word if self._session is not None else ""

    @property
    def ours_is_active(self) -> bool:
        """Whether one of our own windows gets the keys."""
        return self._focus.current() is None

    def follow(self, *, wanted: bool) -> None:
        """Ask the desktop, or give the permission back for now; returns at once."""
        with self._lock:
            if wanted is (self._session is not None):
                return
            session, self._desk = self._session, None
            self._session = opening = self._make_session() if wanted else None
        if opening is not None:
            work, name = (lambda: self._open(opening)), "portal-insertion"
            threading.Thread(target=work, name=name, daemon=True).start()
        elif session is not None:
            session.close()

    def tools(self) -> Tools | None:
        """What the permission gives; None without it."""
        with self._lock:
            desk = self._desk
        return None if desk is None else Tools(self._focus, desk.keyboard, desk.clipboard)

    def _open(self, session: PortalSession) -> None:
        desk = session.open()
        with self._lock:
            if self._session is session:
                self._desk = desk
                return
        session.close()  # switched off while the question stood
