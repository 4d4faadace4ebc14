"""Notices in the window that the network is back, so that what waits is sent at once.

The window's library asks each system in the system's own way: Windows' and
macOS' network services, and NetworkManager. Only a hint, like the bus's word
on a Linux without a window (`desktop/network.py`): everything is sent without
it too, a little later.
"""

import logging

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QNetworkInformation

log = logging.getLogger(__name__)

Reachability = QNetworkInformation.Reachability
_NO_USE = (Reachability.Disconnected, Reachability.Local)


class NetworkNews(QObject):
    """Emits `came_back` when services can be reached again. GUI thread."""

    came_back = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_away = False

    def start(self) -> bool:
        """Begin to listen; False where the system does not tell."""
        if not QNetworkInformation.loadDefaultBackend():
            log.info("the network is not announced here")
            return False
        network = QNetworkInformation.instance()
        self.judge(network.reachability())
        network.reachabilityChanged.connect(self.judge)
        log.info("the network is announced by %s", network.backendName())
        return True

    @Slot(QNetworkInformation.Reachability)
    def judge(self, reachability: Reachability) -> None:
        """Take in what the system says now; a network that nothing is known of is no news."""
        if reachability in _NO_USE:
            self._was_away = True
        elif reachability is not Reachability.Unknown and self._was_away:
            self._was_away = False
            self.came_back.emit()
