"""A disk that is nearly full is foretold."""

from scribe_desktop.domain.room import LEAST_FREE_BYTES, foretold


def test_room_enough_or_unknown_is_no_news() -> None:
    assert foretold(None) is None
    assert foretold(LEAST_FREE_BYTES) is None


def test_little_room_is_foretold_in_a_sentence() -> None:
    trouble = foretold(LEAST_FREE_BYTES - 1)
    assert trouble is not None
    assert "199 MB" in trouble.message
    assert trouble.remedy
