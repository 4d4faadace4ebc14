"""The network coming back is told once, and nothing else is."""

import pytest
from PySide6.QtNetwork import QNetworkInformation
from pytestqt.qtbot import QtBot

from scribe_desktop.ui.network import NetworkNews, Reachability

R = Reachability


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([R.Online, R.Online], 0),
        ([R.Online, R.Disconnected], 0),
        ([R.Disconnected, R.Online], 1),
        ([R.Disconnected, R.Local, R.Site, R.Online], 1),
        ([R.Online, R.Unknown, R.Online], 0),
        ([R.Disconnected, R.Unknown, R.Online], 1),
        ([R.Disconnected, R.Online, R.Disconnected, R.Online], 2),
    ],
)
def test_only_the_way_back_is_told(states: list[Reachability], told: int, qapp: object) -> None:
    heard: list[None] = []
    news = NetworkNews()
    news.came_back.connect(lambda: heard.append(None))
    for state in states:
        news.judge(state)
    assert len(heard) == told


def test_the_system_is_listened_to(qtbot: QtBot) -> None:
    news = NetworkNews()
    assert news.start() == bool(QNetworkInformation.availableBackends())
    instance = QNetworkInformation.instance()
    instance.reachabilityChanged.emit(R.Disconnected)
    with qtbot.waitSignal(news.came_back):
        instance.reachabilityChanged.emit(R.Online)


def test_where_nobody_tells_the_program_goes_on(
    monkeypatch: pytest.MonkeyPatch, qapp: object
) -> None:
    monkeypatch.setattr(QNetworkInformation, "loadDefaultBackend", lambda: False)
    assert not NetworkNews().start()
