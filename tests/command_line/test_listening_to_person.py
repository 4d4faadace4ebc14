"""Who ends a dictation from a terminal: a person at a keyboard, or the end of a script's input."""

import io
import threading

import pytest

from scribe_desktop.terminal import _stop_at_enter


@pytest.mark.parametrize(
    ("typed", "is_timed", "stops"),
    [("\n", False, True), ("", False, True), ("\n", True, True), ("", True, False)],
)
def test_enter_stops_and_the_end_of_input_only_where_no_time_was_given(
    monkeypatch: pytest.MonkeyPatch, *, typed: str, is_timed: bool, stops: bool
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    stop = threading.Event()
    _stop_at_enter(stop, is_timed=is_timed)
    assert stop.is_set() is stops
