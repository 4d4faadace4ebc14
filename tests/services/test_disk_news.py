"""One sentence about the disk for all who write to it, and it is true."""

from scribe_desktop.domain.notices import Notice, SpoolTrouble, Trouble
from scribe_desktop.services.disk_news import DiskNews

SPEECH = SpoolTrouble("What you say is kept in memory.", "")
SPEECH_SAFE = SpoolTrouble("The recording is safe on disk again.", "", recovered=True)
CHANGE = SpoolTrouble("What you changed is kept in memory.", "")
CHANGE_SAFE = SpoolTrouble("What you changed is safe on disk.", "", recovered=True)


def test_safe_is_said_only_when_nobody_waits_any_more() -> None:
    told: list[Notice] = []
    news = DiskNews(told.append)
    spool, settings = news.voice(), news.voice()
    spool(CHANGE)
    settings(CHANGE)
    settings(CHANGE_SAFE)
    assert told[-1] == CHANGE, "the spool still waits"
    assert CHANGE_SAFE not in told
    spool(CHANGE_SAFE)
    assert told[-1] == CHANGE_SAFE


def test_speech_in_memory_is_what_is_read_last() -> None:
    told: list[Notice] = []
    news = DiskNews(told.append)
    changes, speech = news.voice(), news.voice(of_speech=True)
    changes(CHANGE)
    speech(SPEECH)
    assert told == [CHANGE, SPEECH]
    changes(CHANGE)
    assert told[-2:] == [CHANGE, SPEECH], "said, and the other stands again"
    speech(SPEECH_SAFE)
    assert told[-1] == CHANGE
    assert SPEECH_SAFE not in told
    changes(CHANGE_SAFE)
    assert told[-1] == CHANGE_SAFE


def test_what_is_no_news_of_the_disk_passes() -> None:
    told: list[Notice] = []
    DiskNews(told.append).voice(of_speech=True)(Trouble("Something else."))
    assert told == [Trouble("Something else.")]
