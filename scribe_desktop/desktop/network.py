"""Notices that the network is back, so that what waits is sent at once.

Only a hint: everything is sent without it too, a little later. On Linux the
network service announces it on the bus, with a window or without; on all
systems the window hears of it through its own library (`ui/network.py`).
"""

import logging
from collections.abc import Callable

from scribe_desktop.desktop.dbus import Bus, BusError, Signal

log = logging.getLogger(__name__)

_NETWORK_MANAGER = "org.freedesktop.NetworkManager"
_CONNECTED_SITE = 60  # to this building; 70 is the whole internet


class NetworkWatch:
    """Calls `on_connected` when the network comes back, on a thread of its own."""

    def __init__(self, on_connected: Callable[[], None]) -> None:
        self._on_connected = on_connected
        self._bus: Bus | None = None

    def start(self) -> bool:
        """Begin to listen; False where nobody announces it."""
        try:
            self._bus = Bus("SYSTEM")
            self._bus.listen(self._hear, interface=_NETWORK_MANAGER, member="StateChanged")
        except BusError as error:
            log.info("the network is not announced here: %s", error.name)
            return False
        return True

    def stop(self) -> None:
        """End it."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()

    def _hear(self, signal: Signal) -> None:
        (state,) = signal.body
        if state >= _CONNECTED_SITE:
            self._on_connected()
