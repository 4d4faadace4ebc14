"""The order of an insertion, played without a window system and without a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from scribe_desktop.desktop.insertion.insert import (
    SENTENCES,
    Inserted,
    Method,
    NotAllowed,
    Outcome,
    Refusal,
    Refused,
    Tools,
    insertion,
    method_for,
)
from scribe_desktop.desktop.insertion.target import Target

RECORD = Target(0x400001, "epic.exe", 77)
OTHER = Target(0x500001, "mail", 78)
CITRIX = Target(0x600001, "wfica32.exe", 79)


@dataclass
class Desk:
    """One computer: who has the focus, what is held, what is copied, what was written."""

    focused: Target | None = RECORD
    held_s: float = 0.0
    now_s: float = 0.0
    takes_after_s: float = 0.1
    allowed: bool = True
    can_type: bool = True
    copied: str = "old"
    selected: str = "old selection"
    ours: bool = False
    written: dict[Target, str] = field(default_factory=dict)
    then: list[tuple[float, Callable[["Desk"], None]]] = field(default_factory=list)
    _reads: int = 0
    _pasted_at_s: float | None = None

    # Focus
    def current(self) -> Target | None:
        return self.focused

    # Keyboard
    def modifiers_held(self) -> bool:
        return self.now_s < self.held_s

    def paste(self, target: Target) -> None:
        if not self.allowed:
            raise NotAllowed
        assert self.focused is not None
        assert not self.modifiers_held()
        self.written[self.focused] = self.copied
        self._pasted_at_s = self.now_s

    def type(self, text: str, /) -> None:
        if not self.allowed:
            raise NotAllowed
        assert self.focused is not None
        self.written[self.focused] = self.written.get(self.focused, "") + text

    # Clipboard
    def keep(self) -> object:
        return (self.copied, self.selected)

    def offer(self, text: str, *, selection: bool) -> None:
        self.copied, self.ours = text, True
        if selection:
            self.selected = text

    def reads(self, pid: int) -> int:
        if self._pasted_at_s is None:
            return 0
        return int(self.now_s >= self._pasted_at_s + self.takes_after_s)

    def still_ours(self) -> bool:
        return self.ours

    def put_back(self, kept: object) -> None:
        assert isinstance(kept, tuple)
        self.copied, self.selected = kept
        self.ours = False

    def insert(
        self, text: str, target: Target | None = RECORD, method: Method = Method.PASTE
    ) -> Outcome:
        steps = insertion(text, target, Tools(self, self, self), method)
        while True:
            try:
                self.now_s += next(steps)
            except StopIteration as stop:
                outcome: Outcome = stop.value
                return outcome
            for at_s, event in list(self.then):
                if at_s <= self.now_s:
                    self.then.remove((at_s, event))
                    event(self)


def steal(desk: Desk) -> None:
    desk.focused = OTHER


def copy(desk: Desk) -> None:
    desk.copied, desk.ours = "copied meanwhile", False


def test_the_text_lands_and_the_clipboard_is_as_before() -> None:
    desk = Desk()
    assert desk.insert("text") == Inserted(verified=True)
    assert desk.written == {RECORD: "text"}
    assert (desk.copied, desk.selected) == ("old", "old selection")


def test_a_terminal_that_pastes_the_selection_gets_it_and_gives_it_back() -> None:
    xterm = Target(1, "xterm", 5)
    desk = Desk(focused=xterm)
    assert desk.insert("text", xterm) == Inserted(verified=True)
    assert desk.selected == "old selection"


@pytest.mark.parametrize("at_s", [0.0, 0.01, 0.05, 0.061, 1.0])
def test_another_window_never_gets_the_text(at_s: float) -> None:
    desk = Desk(held_s=1.5, then=[(at_s, steal)])
    assert desk.insert("text") == Refused(Refusal.TARGET_CHANGED)
    assert desk.written == {}
    assert desk.copied == "old"


def test_another_window_between_the_offer_and_the_paste_gets_nothing() -> None:
    desk = Desk(then=[(0.06, steal)])
    assert desk.insert("text") == Refused(Refusal.TARGET_CHANGED)
    assert desk.written == {}
    assert desk.copied == "old"


def test_what_was_copied_meanwhile_is_not_overwritten() -> None:
    desk = Desk(then=[(0.2, copy)])
    assert desk.insert("text") == Inserted(verified=True)
    assert desk.copied == "copied meanwhile"


def test_a_slow_program_is_waited_for() -> None:
    desk = Desk(takes_after_s=2.5)
    assert desk.insert("text") == Inserted(verified=True)
    assert desk.copied == "old"


def test_a_program_that_hangs_finds_this_text_later_and_not_an_old_one() -> None:
    desk = Desk(takes_after_s=60.0)
    assert desk.insert("text") == Refused(Refusal.NOT_TAKEN)
    assert desk.copied == "text"


def test_modifiers_are_waited_for_and_then_given_up() -> None:
    assert Desk(held_s=1.0).insert("text") == Inserted(verified=True)
    desk = Desk(held_s=9.0)
    assert desk.insert("text") == Refused(Refusal.MODIFIERS_HELD)
    assert (desk.written, desk.copied) == ({}, "old")


@pytest.mark.parametrize(
    ("text", "target", "method", "reason"),
    [
        ("", RECORD, Method.PASTE, Refusal.NO_TEXT),
        ("text", None, Method.PASTE, Refusal.NO_TARGET),
        ("text", RECORD, Method.ASK, Refusal.ASK),
    ],
)
def test_what_is_refused_at_once(
    text: str, target: Target | None, method: Method, reason: Refusal
) -> None:
    desk = Desk()
    outcome = desk.insert(text, target, method)
    assert outcome == Refused(reason)
    assert isinstance(outcome, Refused)
    assert outcome.sentence == SENTENCES[reason]
    assert (desk.written, desk.copied, desk.now_s) == ({}, "old", 0.0)


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Refusal)


def test_keys_that_the_system_forbids_leave_the_text_on_the_clipboard() -> None:
    desk = Desk(allowed=False)
    assert desk.insert("text") == Refused(Refusal.NOT_ALLOWED)
    assert desk.copied == "text"
    assert Desk(allowed=False).insert("text", method=Method.TYPE) == Refused(Refusal.NOT_ALLOWED)


def test_typing_is_exact_and_leaves_the_clipboard_alone() -> None:
    desk, text = Desk(), "Größe 5 µg\n→ ✓ 🩺\t" * 30
    assert desk.insert(text, method=Method.TYPE) == Inserted(verified=False)
    assert desk.written == {RECORD: text}
    assert desk.copied == "old"


def test_typing_into_another_computer_is_slower() -> None:
    fast, slow = Desk(), Desk(focused=CITRIX)
    fast.insert("x" * 480, method=Method.TYPE)
    slow.insert("x" * 480, CITRIX, Method.TYPE)
    assert slow.now_s == pytest.approx(8.0)
    assert fast.now_s == pytest.approx(1.2)


def test_typing_stops_when_another_window_comes_to_the_front() -> None:
    desk = Desk(then=[(0.1, steal)])
    outcome = desk.insert("x" * 400, method=Method.TYPE)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Refusal.TARGET_CHANGED
    assert desk.written == {RECORD: "x" * outcome.typed}
    assert 0 < outcome.typed < 400


def test_typing_where_it_cannot_be_done_is_pasting() -> None:
    desk = Desk(can_type=False)
    assert desk.insert("text", method=Method.TYPE) == Inserted(verified=True)


@pytest.mark.parametrize(
    ("target", "chosen", "can_type", "method"),
    [
        (RECORD, "", True, Method.PASTE),
        (RECORD, "type", True, Method.TYPE),
        (RECORD, "ask", True, Method.ASK),
        (RECORD, "nonsense", True, Method.PASTE),
        (CITRIX, "", True, Method.TYPE),
        (CITRIX, "", False, Method.PASTE),
        (CITRIX, "paste", True, Method.PASTE),
    ],
)
def test_each_program_gets_its_method(
    target: Target, chosen: str, *, can_type: bool, method: Method
) -> None:
    assert method_for(target, chosen, can_type=can_type) is method


def test_terminals_are_known() -> None:
    assert Target(1, "konsole").is_terminal
    assert not Target(1, "konsole").pastes_the_selection
    assert Target(1, "xterm").is_terminal
    assert not RECORD.is_terminal
