"""Puts a dictation's text into the window it was dictated for, or says where it waits.

A target is kept for each dictation, because a text that comes back late
belongs to the patient of then and not to the window of now.
"""

from collections.abc import Callable
from dataclasses import replace

from scribe_desktop.desktop.insertion.insert import (
    Inserted,
    Method,
    Outcome,
    Refusal,
    Tools,
    insertion,
    method_for,
)
from scribe_desktop.desktop.insertion.portal import IN_FRONT
from scribe_desktop.desktop.insertion.select import (
    ON_REQUEST,
    InsertionHere,
    clipboard_reader,
    insertion_here,
)
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui import clipboard, workplace
from scribe_desktop.ui.lent_clipboard import LentClipboard
from scribe_desktop.wiring.portal_insertion import PortalInsertion

_FOCUS_WITHIN_S = 1.0
_LOOK_EVERY_S = 0.02
_FINGERS_UP_S = 0.6
_COPIED = (Refusal.NOT_TAKEN, Refusal.NOT_ALLOWED, Refusal.NOT_ON_KEYBOARD)


class Inserting:
    """`ui.workplace.Insertion` over the desktop's insertion. GUI thread.

    What the system offers is asked at the first use, because the clipboard
    and the connection to the display belong to the thread that made them.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        find: Callable[[], InsertionHere] = lambda: insertion_here(
            LentClipboard(clipboard_reader())
        ),
        portal: PortalInsertion | None = None,
    ) -> None:
        self._settings = settings
        self._find = find
        self._portal = portal
        self._found: InsertionHere | None = None
        self._targets: dict[SessionId, Target | None] = {}
        self._stand_aside: Callable[[], None] = lambda: None
        self._is_forbidden = False

    @property
    def plain_word(self) -> str:
        """What this computer cannot do."""
        if self._portal is not None and self._portal.is_wanted:
            return self._portal.plain_word or ON_REQUEST
        return self._here().plain_word

    @property
    def could_ask_the_desktop(self) -> bool:
        """Whether it takes a permission of the desktop."""
        return self._portal is not None

    def follow(self) -> None:
        """A setting was changed."""
        if self._portal is not None:
            self._portal.follow(wanted=self._settings().portal_insertion)

    def stop(self) -> None:
        """Give a permission back."""
        if self._portal is not None:
            self._portal.follow(wanted=False)

    def stand_aside_with(self, stand_aside: Callable[[], None]) -> None:
        """How to give the focus back."""
        self._stand_aside = stand_aside

    def forbid(self, forbidden: bool, /) -> None:  # noqa: FBT001  a switch
        """Let no text out; what is being typed stops."""
        self._is_forbidden = forbidden

    def remember(self, session_id: SessionId, follows: SessionId | None) -> None:
        """Look which window has the focus now."""
        if follows in self._targets:
            self._targets[session_id] = self._targets[follows]
            return
        tools = self._here().tools
        self._targets[session_id] = tools.focus.current() if tools else None

    def into_remembered(self, text: str, session_id: SessionId) -> workplace.InsertionSteps:
        """Into the window that had the focus when this dictation began."""
        tools = self._here().tools
        target = self._targets.get(session_id)
        if target is None and self._portal is not None and self._portal.is_wanted:
            return workplace.Inserted(arrived=False, sentence=ON_REQUEST, waiting=text)
        if tools is None:
            return self._only_copied(text)
        if target is not None:
            yield from self._until_another_has_the_focus(tools)
        return (yield from self._insert(text, target, tools))

    def into_front(self, text: str) -> workplace.InsertionSteps:
        """Into the window that gets the focus when ours stand aside."""
        tools = self._here().tools
        if self._portal is not None and self._portal.is_wanted:
            return (yield from self._blindly(text, tools, self._portal))
        if tools is None:
            return self._only_copied(text)
        yield from self._until_another_has_the_focus(tools)
        return (yield from self._insert(text, tools.focus.current(), tools))

    def _here(self) -> InsertionHere:
        if self._found is None:
            found = self._find()
            tools = found.tools
            if tools is not None:
                tools = replace(tools, may_insert=lambda: not self._is_forbidden)
            self._found = replace(found, tools=tools)
        return self._found

    def _only_copied(self, text: str) -> workplace.Inserted:
        clipboard.copy_text(text)
        return workplace.Inserted(arrived=False, sentence=self._here().plain_word, waiting=text)

    def _blindly(
        self, text: str, x11: Tools | None, portal: PortalInsertion
    ) -> workplace.InsertionSteps:
        """Into what is in front on Wayland; a program on X11 inside it is known by name."""
        if portal.ours_is_active:
            self._stand_aside()
            waited_s = 0.0
            while portal.ours_is_active and waited_s < _FOCUS_WITHIN_S:
                yield _LOOK_EVERY_S
                waited_s += _LOOK_EVERY_S
        target = x11.focus.current() if x11 else None
        if x11 is not None and target is not None:
            return (yield from self._insert(text, target, x11))
        tools = portal.tools()
        if tools is None:
            clipboard.copy_text(text)
            return workplace.Inserted(arrived=False, sentence=portal.plain_word, waiting=text)
        # Whether the key that asked for it is up again cannot be known here.
        yield _FINGERS_UP_S
        tools = replace(tools, may_insert=lambda: not self._is_forbidden)
        return self._in_words(text, (yield from insertion(text, IN_FRONT, tools, Method.PASTE)))

    def _until_another_has_the_focus(self, tools: Tools) -> workplace.Waits:
        if tools.focus.current() is not None:
            return
        self._stand_aside()
        waited_s = 0.0
        while tools.focus.current() is None and waited_s < _FOCUS_WITHIN_S:
            yield _LOOK_EVERY_S
            waited_s += _LOOK_EVERY_S

    def _insert(self, text: str, target: Target | None, tools: Tools) -> workplace.InsertionSteps:
        settings, method = self._settings(), Method.PASTE
        if target is not None:
            # People write names of programs and words as they like.
            by_program = {
                program.strip().lower(): how.strip().lower()
                for program, how in settings.insertion_by_program.items()
            }
            method = method_for(target, by_program.get(target.program, ""), tools.keyboard)
        outcome = yield from insertion(text, target, tools, method, settings.typing_rate)
        return self._in_words(text, outcome)

    def _in_words(self, text: str, outcome: Outcome) -> workplace.Inserted:
        if isinstance(outcome, Inserted):
            said = "Inserted." if outcome.verified else "Typed into the other program."
            return workplace.Inserted(arrived=True, sentence=said)
        waiting = outcome.rest if outcome.typed else text
        if outcome.reason in _COPIED:
            # The sentence promises it, whatever the insertion left there.
            clipboard.copy_text(waiting)
        return workplace.Inserted(arrived=False, sentence=outcome.sentence, waiting=waiting)
