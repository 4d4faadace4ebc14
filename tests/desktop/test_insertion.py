"""The order of an insertion, played without a window system and without a clock."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from scribe_desktop.desktop.insertion.insert import (
    SENTENCES,
    Inserted,
    KeyboardChanged,
    Method,
    NotAllowed,
    NotOnKeyboard,
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
    types_into_remote: bool = True
    keys: int = 1000
    reads_after_s: float = 0.0
    changes_after: int | None = None
    copied: str = "old"
    selected: str = "old selection"
    ours: bool = False
    written: dict[Target, str] = field(default_factory=dict)
    begun: int = 0
    ended: int = 0
    then: list[tuple[float, Callable[["Desk"], None]]] = field(default_factory=list)
    _reads: int = 0
    _pasted_at_s: float | None = None
    _typed_at_s: float = -60.0
    _alone: bool = False

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
        assert self._alone
        self.written[self.focused] = self.copied
        self._pasted_at_s = self.now_s

    def begin(self, text: str, target: Target, /) -> int:
        assert self.is_taken(), "a key would be lent anew before it was read"
        self.begun += 1
        distinct: set[str] = set()
        for index, character in enumerate(text):
            distinct.add(character)
            if len(distinct) > self.keys:
                if not index:
                    raise NotOnKeyboard
                return index
        return len(text)

    def is_taken(self) -> bool:
        return self.now_s >= self._typed_at_s + self.reads_after_s

    def end(self) -> None:
        self.ended += 1

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        self._alone = True
        yield
        self._alone = False

    def type(self, text: str, /) -> None:
        if not self.allowed:
            raise NotAllowed
        if self.changes_after is not None and sum(map(len, self.written.values())) >= (
            self.changes_after
        ):
            raise KeyboardChanged
        assert self.focused is not None
        assert self._alone
        self._typed_at_s = self.now_s
        self.written[self.focused] = self.written.get(self.focused, "") + text

    # Clipboard
    def keep(self) -> object:
        assert not self._alone
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
        assert not self._alone
        self.copied, self.selected = kept
        self.ours = False

    def insert(
        self,
        text: str,
        target: Target | None = RECORD,
        method: Method = Method.PASTE,
        rate: int = 60,
    ) -> Outcome:
        steps = insertion(text, target, Tools(self, self, self), method, rate)
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
    assert Desk(allowed=False).insert("text", method=Method.TYPE) == Refused(
        Refusal.NOT_ALLOWED, 0, "text"
    )


def test_typing_is_exact_and_leaves_the_clipboard_alone() -> None:
    desk, text = Desk(), "Größe 5 µg\n→ ✓ 🩺\n" * 30
    assert desk.insert(text, method=Method.TYPE) == Inserted(verified=False)
    assert desk.written == {RECORD: text}
    assert desk.copied == "old"
    assert desk.ended == 1


def test_a_tab_is_typed_as_a_space_because_it_would_leave_the_field() -> None:
    desk = Desk()
    desk.insert("RR\t120\r\nHF\x07\t64\rend", method=Method.TYPE)
    assert desk.written == {RECORD: "RR 120\nHF 64\nend"}


def test_the_rate_is_kept() -> None:
    fast, slow = Desk(), Desk(focused=CITRIX)
    slow.insert("x" * 480, CITRIX, Method.TYPE, rate=60)
    fast.insert("x" * 480, method=Method.TYPE, rate=400)
    assert slow.now_s == pytest.approx(8.0)
    assert fast.now_s == pytest.approx(1.2)


@pytest.mark.parametrize("rate", [5, 60, 400])
def test_typing_stops_at_once_when_another_window_comes_to_the_front(rate: int) -> None:
    desk, text = Desk(then=[(1.0, steal)]), "".join(map(str, range(2000)))
    outcome = desk.insert(text, method=Method.TYPE, rate=rate)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Refusal.TARGET_CHANGED
    assert desk.written == {RECORD: text[: outcome.typed]}
    assert desk.written[RECORD] + outcome.rest == text
    assert outcome.typed <= rate * 1.1 + 1
    assert f"first {outcome.typed} of {len(text)} characters" in outcome.sentence
    assert desk.ended == 1


def test_more_characters_than_keys_are_typed_part_by_part_and_never_too_early() -> None:
    desk = Desk(keys=5, reads_after_s=0.4)
    text = "abcdefghijklmnop" * 3
    assert desk.insert(text, method=Method.TYPE) == Inserted(verified=False)
    assert desk.written == {RECORD: text}
    assert desk.begun == 10
    # The keyboard was put back only when the last one was read.
    assert desk.now_s >= 10 * 0.4


def test_a_program_that_reads_nothing_gets_no_second_part() -> None:
    desk = Desk(keys=5, reads_after_s=99.0)
    desk.now_s = 100.0
    assert desk.insert("abcdefghij", method=Method.TYPE) == Refused(Refusal.NOT_READ, 5, "fghij")
    assert desk.written == {RECORD: "abcde"}
    assert desk.ended == 1


def test_a_character_without_any_key_is_said_and_the_rest_waits() -> None:
    assert Desk(keys=0).insert("ab", method=Method.TYPE) == Refused(
        Refusal.NOT_ON_KEYBOARD, 0, "ab"
    )


def test_another_keyboard_in_the_middle_stops_before_a_wrong_letter() -> None:
    desk = Desk(changes_after=9)
    outcome = desk.insert("x" * 60, method=Method.TYPE)
    assert outcome == Refused(Refusal.KEYBOARD_CHANGED, 9, "x" * 51)


def test_typing_that_is_broken_off_leaves_the_keyboard_as_it_was() -> None:
    desk = Desk()
    steps = insertion("x" * 60, RECORD, Tools(desk, desk, desk), Method.TYPE)
    next(steps)
    assert (desk.begun, desk.ended) == (1, 0)
    steps.close()
    assert desk.ended == 1


def test_nothing_leaves_while_text_is_hidden_and_typing_stops() -> None:
    desk = Desk()
    hidden = Tools(desk, desk, desk, lambda: False)
    steps = insertion("text", RECORD, hidden, Method.PASTE)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == Refused(Refusal.HIDDEN)
    moments = iter([True] * 5)
    soon_hidden = Tools(desk, desk, desk, lambda: next(moments, False))
    outcome: Outcome | None = None
    steps = insertion("x" * 90, RECORD, soon_hidden, Method.TYPE)
    while outcome is None:
        try:
            desk.now_s += next(steps)
        except StopIteration as done:
            outcome = done.value
    assert isinstance(outcome, Refused)
    assert outcome.reason is Refusal.HIDDEN
    assert desk.written == {RECORD: "x" * outcome.typed}
    assert 0 < outcome.typed < 90
    assert (desk.copied, desk.ended) == ("old", 1)


def test_every_reason_to_stop_half_way_has_its_words() -> None:
    for reason in (Refusal.TARGET_CHANGED, Refusal.MODIFIERS_HELD, Refusal.NOT_ALLOWED):
        assert "first 3 of 5" in Refused(reason, 3, "xy").sentence


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
    assert method_for(target, chosen, Desk(can_type=can_type)) is method


def test_where_the_viewer_sends_only_key_numbers_it_is_typed_into_only_if_chosen() -> None:
    desk = Desk(types_into_remote=False)
    assert method_for(CITRIX, "", desk) is Method.PASTE
    assert method_for(CITRIX, "type", desk) is Method.TYPE


def test_terminals_are_known() -> None:
    assert Target(1, "konsole").is_terminal
    assert not Target(1, "konsole").pastes_the_selection
    assert Target(1, "xterm").is_terminal
    assert not RECORD.is_terminal
