"""A text goes into the window its dictation began in, or it waits."""

import pytest
from PySide6.QtWidgets import QApplication

from scribe_desktop.desktop.insertion.insert import Tools
from scribe_desktop.desktop.insertion.select import InsertionHere
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.ui.workplace import Inserted, InsertionSteps
from scribe_desktop.wiring.inserting import Inserting
from tests.desktop.test_insertion import OTHER, RECORD, Desk

ONE, TWO = SessionId("ses_one"), SessionId("ses_two")


def run(steps: InsertionSteps, desk: Desk) -> Inserted:
    """Run the steps by the desk's own clock."""
    while True:
        try:
            desk.now_s += next(steps)
        except StopIteration as stop:
            done = stop.value
            assert isinstance(done, Inserted)
            return done
        for at_s, happens in list(desk.then):
            if desk.now_s >= at_s:
                desk.then.remove((at_s, happens))
                happens(desk)


def inserting(desk: Desk, settings: Settings | None = None) -> Inserting:
    tools = Tools(desk, desk, desk)
    return Inserting(lambda: settings or Settings(), lambda: InsertionHere(tools))


def focus(desk: Desk, target: Target | None) -> None:
    desk.focused = target


def test_into_the_window_the_dictation_began_in() -> None:
    desk = Desk()
    parts = inserting(desk)
    parts.remember(ONE, None)
    assert run(parts.into_remembered("text", ONE), desk) == Inserted(
        arrived=True, sentence="Inserted."
    )
    assert desk.written == {RECORD: "text"}
    assert desk.copied == "old"


def test_each_dictation_has_its_own_window() -> None:
    desk = Desk()
    parts = inserting(desk)
    parts.remember(ONE, None)
    focus(desk, OTHER)
    parts.remember(TWO, None)
    refused = run(parts.into_remembered("for one", ONE), desk)
    assert not refused.arrived
    assert "Another window" in refused.sentence
    assert run(parts.into_remembered("for two", TWO), desk).arrived
    assert desk.written == {OTHER: "for two"}


def test_a_linked_session_belongs_where_the_first_did() -> None:
    desk = Desk()
    parts = inserting(desk)
    parts.remember(ONE, None)
    focus(desk, OTHER)
    parts.remember(TWO, ONE)
    focus(desk, RECORD)
    assert run(parts.into_remembered("text", TWO), desk).arrived


def test_our_own_window_stands_aside_first() -> None:
    desk = Desk()
    parts = inserting(desk)
    parts.remember(ONE, None)
    focus(desk, None)
    parts.stand_aside_with(lambda: desk.then.append((0.1, lambda one: focus(one, RECORD))))
    assert run(parts.into_remembered("text", ONE), desk).arrived
    assert desk.written == {RECORD: "text"}


def test_recorded_from_our_own_window_it_waits() -> None:
    desk = Desk(focused=None)
    parts = inserting(desk)
    parts.remember(ONE, None)
    refused = run(parts.into_remembered("text", ONE), desk)
    assert not refused.arrived
    assert desk.written == {}


def test_into_what_the_clinician_points_at() -> None:
    desk = Desk(focused=None)
    parts = inserting(desk)
    parts.stand_aside_with(lambda: focus(desk, OTHER))
    assert run(parts.into_front("text"), desk).arrived
    assert desk.written == {OTHER: "text"}
    focus(desk, None)
    parts.stand_aside_with(lambda: None)
    assert not run(parts.into_front("more"), desk).arrived


def test_a_program_can_be_typed_into_or_asked_about() -> None:
    desk = Desk()
    typed = inserting(desk, with_value(Settings(), "insertion_by_program", {"epic.exe": "type"}))
    typed.remember(ONE, None)
    done = run(typed.into_remembered("text", ONE), desk)
    assert done == Inserted(arrived=True, sentence="Typed into the other program.")
    asks = inserting(desk, with_value(Settings(), "insertion_by_program", {"Epic.EXE": "Ask "}))
    asks.remember(ONE, None)
    assert not run(asks.into_remembered("more", ONE), desk).arrived
    assert desk.written == {RECORD: "text"}


def test_what_was_not_typed_waits_and_nothing_else() -> None:
    desk = Desk(then=[(0.2, lambda one: focus(one, OTHER))])
    settings = with_value(Settings(), "insertion_by_program", {"epic.exe": "type"})
    parts = inserting(desk, with_value(settings, "typing_rate", 100))
    parts.remember(ONE, None)
    text = "Patient sees well, and so on and on."
    done = run(parts.into_remembered(text, ONE), desk)
    assert not done.arrived
    assert done.waiting
    assert desk.written[RECORD] + done.waiting == text
    assert f"of {len(text)} characters" in done.sentence


@pytest.mark.usefixtures("qapp")
def test_what_could_not_be_pressed_is_on_the_clipboard() -> None:
    desk = Desk(allowed=False)
    parts = inserting(desk)
    parts.remember(ONE, None)
    assert not run(parts.into_remembered("kept", ONE), desk).arrived
    assert QApplication.clipboard().text() == "kept"
    QApplication.clipboard().clear()


@pytest.mark.usefixtures("qapp")
def test_where_nothing_can_be_inserted_it_is_copied_and_said() -> None:
    parts = Inserting(Settings, lambda: InsertionHere(None, "Not here."))
    parts.remember(ONE, None)
    assert parts.plain_word == "Not here."
    for steps in (parts.into_remembered("kept", ONE), parts.into_front("kept")):
        assert run(steps, Desk()) == Inserted(arrived=False, sentence="Not here.", waiting="kept")
        assert QApplication.clipboard().text() == "kept"
    QApplication.clipboard().clear()
