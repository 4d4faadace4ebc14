"""Windows and macOS insertion against recorded interfaces, and what each system can do."""

import pytest

from scribe_desktop.desktop.insertion.insert import NotAllowed
from scribe_desktop.desktop.insertion.macos import MacFocus, MacKeyboard
from scribe_desktop.desktop.insertion.select import NOT_HERE, ON_WAYLAND, insertion_here
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.insertion.windows import WindowsFocus, WindowsKeyboard

OURS, THEIRS, ADMIN = 1, 2, 3


class RecordedFront:
    """A Windows with one window in front."""

    def __init__(self, window: int = 77, pid: int = THEIRS) -> None:
        self.window, self.pid = window, pid
        self.strokes: list[str] = []
        self.blocked = False

    def front(self) -> tuple[int, int]:
        return self.window, self.pid

    def program(self, pid: int) -> str:
        return {THEIRS: "notepad.exe", ADMIN: "taskmgr.exe", OURS: "scribe.exe"}[pid]

    def is_elevated(self, pid: int) -> bool:
        return pid == ADMIN

    def modifiers_held(self) -> bool:
        return False

    def press_paste(self) -> None:
        if self.blocked:
            raise OSError(5, "refused")
        self.strokes.append("paste")

    def type(self, text: str) -> None:
        if self.blocked:
            raise OSError(5, "refused")
        self.strokes.append(text)


class RecordedQuartz:
    """A Mac with one window in front."""

    def __init__(self, *, trusted: bool = True) -> None:
        self.strokes: list[str] = []
        self.window = (5, THEIRS, "TextEdit")
        self._trusted = trusted

    def front(self) -> tuple[int, int, str]:
        return self.window

    def trusted(self) -> bool:
        return self._trusted

    def modifiers_held(self) -> bool:
        return True

    def press_paste(self) -> None:
        self.strokes.append("paste")

    def type(self, text: str) -> None:
        self.strokes.append(text)


class NoClipboard:
    def keep(self) -> object:
        return None

    def offer(self, text: str, *, selection: bool) -> None:
        raise AssertionError(text)

    def reads(self, pid: int) -> int:
        return 0

    def still_ours(self) -> bool:
        return False

    def put_back(self, kept: object) -> None:
        raise AssertionError(kept)


def test_windows_names_the_program_in_front_but_not_ourselves() -> None:
    assert WindowsFocus(RecordedFront(), OURS).current() == Target(77, "notepad.exe", THEIRS)
    assert WindowsFocus(RecordedFront(pid=OURS), OURS).current() is None
    assert WindowsFocus(RecordedFront(window=0, pid=0), OURS).current() is None


def test_windows_pastes_and_types() -> None:
    front = RecordedFront()
    keyboard = WindowsKeyboard(front, OURS)
    keyboard.paste(Target(77, "notepad.exe", THEIRS))
    keyboard.type("Größe")
    assert front.strokes == ["paste", "Größe"]
    assert not keyboard.modifiers_held()


def test_an_administrators_window_is_not_written_to_in_vain() -> None:
    keyboard = WindowsKeyboard(RecordedFront(pid=ADMIN), OURS)
    with pytest.raises(NotAllowed):
        keyboard.paste(Target(77, "taskmgr.exe", ADMIN))
    with pytest.raises(NotAllowed):
        keyboard.type("text")
    as_administrator = WindowsKeyboard(RecordedFront(pid=ADMIN), ADMIN)
    as_administrator.paste(Target(77, "taskmgr.exe", ADMIN))


def test_strokes_that_windows_refuses_are_said() -> None:
    front = RecordedFront()
    front.blocked = True
    keyboard = WindowsKeyboard(front, OURS)
    with pytest.raises(NotAllowed):
        keyboard.paste(Target(77, "notepad.exe", THEIRS))
    with pytest.raises(NotAllowed):
        keyboard.type("text")


def test_macos_needs_the_users_word() -> None:
    target = Target(5, "textedit", THEIRS)
    quartz = RecordedQuartz()
    assert MacFocus(quartz, OURS).current() == target
    keyboard = MacKeyboard(quartz)
    keyboard.paste(target)
    keyboard.type("µg")
    assert quartz.strokes == ["paste", "µg"]
    assert keyboard.modifiers_held()
    untrusted = MacKeyboard(RecordedQuartz(trusted=False))
    with pytest.raises(NotAllowed):
        untrusted.paste(target)
    with pytest.raises(NotAllowed):
        untrusted.type("µg")


def test_our_own_window_is_no_target_on_macos() -> None:
    quartz = RecordedQuartz()
    quartz.window = (5, OURS, "Scribe Desktop")
    assert MacFocus(quartz, OURS).current() is None
    quartz.window = (0, 0, "")
    assert MacFocus(quartz, OURS).current() is None


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0"}, ON_WAYLAND),
        ({}, NOT_HERE),
        ({"DISPLAY": ":9999"}, NOT_HERE),
    ],
)
def test_where_nothing_can_be_inserted_it_is_said(environment: dict[str, str], word: str) -> None:
    here = insertion_here(NoClipboard(), "linux", environment)
    assert here.tools is None
    assert here.plain_word == word
