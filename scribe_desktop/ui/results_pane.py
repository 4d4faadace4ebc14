"""What became of one dictation: the transcript, its notes, and what can be done with them."""

import time
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import TRANSCRIPT, Author, ResultsVersion
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.ui.action_row import ActionRow, Possible
from scribe_desktop.ui.advice import Advice, advice_for
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.documents_panel import DocumentsPanel
from scribe_desktop.ui.note_editor import NoteEditor
from scribe_desktop.ui.note_text import ResultTab, result_tabs
from scribe_desktop.ui.note_view import NoteView
from scribe_desktop.ui.pieces import (
    StateLabel,
    button,
    card,
    holds_focus,
    label,
    paragraph,
)
from scribe_desktop.ui.player import PlayerBar
from scribe_desktop.ui.stops import go_to_stop
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, tone_colour
from scribe_desktop.ui.view_state import (
    caution_for,
    length_of,
    patient_label,
    state_of,
    waiting_sentence,
    when,
)
from scribe_desktop.ui.welcome import Welcome

DOCUMENTS = ResultTab("documents", "Documents", "", is_markdown=True)
"""The last tab: not a result that is stored here, but what the service keeps."""

LEAST_TEXT = 160
"""Below so many pixels of text the window scrolls as a whole."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the pane needs to draw one dictation."""

    session: Session
    versions: tuple[ResultsVersion, ...]
    offer: Offer
    live_text: str = ""
    origin: str = ""
    """Where it is, if it is not in the spool of this computer: then it can only be read."""
    waiting: str = ""
    """Why there is no text yet, where the snapshot does not tell."""
    parts: tuple[Session, ...] = ()
    """The linked sessions whose recording can be played here."""
    heard: tuple[ResultsVersion, ...] = ()
    """The versions as they are stored, before any rule about text."""
    is_heard: bool = True
    """Whether sound arrives, if it is this one that records."""


class ResultsPane(QWidget):
    """The right side of the window."""

    copy_pressed = Signal(str)
    insert_pressed = Signal(str, str)
    edited = Signal(str, str, str)
    advice_taken = Signal(object)
    documents_wanted = Signal()

    _edit_held = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._edited_tab: ResultTab | None = None
        self._held: dict[tuple[str, str], str] = {}
        self._tabs: tuple[ResultTab, ...] = ()
        self._heard_tabs: dict[str, ResultTab] = {}
        self._colours = LIGHT
        self._offers_documents = False
        self._build()
        self._lay_out()

    # --- building ---
    def _build(self) -> None:
        self.patient = label("", ratio=1.35, bold=True)
        self.facts = label("", quiet=True)
        self.state = StateLabel()
        self.advice = Strip(can_close=False)
        self.tab_bar = QTabBar()
        self.tab_bar.setAccessibleName("Transcript and notes")
        self.tab_bar.setDrawBase(False)
        self.tab_bar.setExpanding(False)
        self.tab_bar.setUsesScrollButtons(True)
        self.tab_bar.currentChanged.connect(self._turn_to_tab)
        self.as_heard = button("As heard", "Show this text as it was heard, without your rules")
        self.as_heard.setCheckable(True)
        self.as_heard.toggled.connect(self._turn_to_tab)
        self.sentence = paragraph("", quiet=True)
        self.reader = NoteView("Text")
        self.reader.setPlaceholderText("")
        self.editor = NoteEditor("Edit the text")
        self.documents = DocumentsPanel()
        self.player = PlayerBar()
        self.actions_row = ActionRow()
        self.actions_row.copy_pressed.connect(self._copy)
        self.actions_row.insert_pressed.connect(self._insert)
        self.actions_row.edit_pressed.connect(self._begin_edit)
        self.actions_row.keep_pressed.connect(self.keep_edit)
        self.actions_row.drop_pressed.connect(self._drop_edit)
        self._edit_held.connect(self._reopen, Qt.ConnectionType.QueuedConnection)

    def _lay_out(self) -> None:
        sheet = card()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE)
        head = QHBoxLayout()
        head.setSpacing(SPACE * 2)
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(self.patient)
        names.addWidget(self.facts)
        head.addLayout(names)
        head.addStretch(1)
        head.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self.advice)
        tabs = QHBoxLayout()
        tabs.setSpacing(SPACE)
        tabs.addWidget(self.tab_bar, 1)
        tabs.addWidget(self.as_heard)
        column.addLayout(tabs)
        column.addWidget(self.sentence)
        self.pages = QStackedWidget()
        # It takes the room there is; what its tallest page would like must not
        # push the buttons out of a low window.
        self.pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.pages.setMinimumHeight(LEAST_TEXT)
        self.pages.addWidget(self.reader)
        self.pages.addWidget(self.editor)
        self.pages.addWidget(self.documents)
        column.addWidget(self.pages, 1)
        column.addWidget(self.player)
        column.addWidget(self.actions_row)
        self.welcome = Welcome()
        self._sheets = QStackedWidget()
        self._sheets.addWidget(self.welcome)
        self._sheets.addWidget(sheet)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE, SPACE * 2, SPACE * 2, SPACE)
        outer.addWidget(self._sheets)
        self._sheet = sheet
        sheet.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the sheet as high as its wrapped rows need; take nothing from anybody.

        A splitter does not ask how high its parts are at their width, so a second
        row of buttons would push the player over the text instead of scrolling.
        """
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            layout = self._sheet.layout()
            least = layout.totalMinimumHeightForWidth(self._sheet.width()) if layout else 0
            if least != self._sheet.minimumHeight():
                self._sheet.setMinimumHeight(least)
        return super().eventFilter(watched, event)

    # --- showing ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.advice.use(colours)
        self.actions_row.use(colours)
        self.player.use(colours)
        self.documents.use(colours)
        if self._shown is not None:
            self.show_session(self._shown)

    def offer_documents(self) -> None:
        """From now on show a tab for what the service keeps of a dictation."""
        self._offers_documents = True

    def _offer_templates(self, shown: Shown) -> None:
        """Every template of the service that this dictation does not have yet."""
        asked = set(shown.session.order.templates)
        if shown.versions:
            asked |= {note.template_id for note in shown.versions[-1].results.notes}
        left = tuple(one for one in shown.offer.templates if one.template_id not in asked)
        self.actions_row.offer_templates(() if shown.origin else left)

    @property
    def shown(self) -> Shown | None:
        """What the pane shows."""
        return self._shown

    @property
    def is_editing(self) -> bool:
        """Whether the clinician has an edit open."""
        return self._edited_tab is not None

    def show_session(self, shown: Shown) -> None:
        """Show one dictation; an edit that is open stays open while its own session changes.

        Going to another dictation keeps what was edited: nothing is thrown away
        by a click, and every version is stored.
        """
        same = self._shown and self._shown.session.session_id == shown.session.session_id
        if not same:
            self.keep_edit()
        self._shown = shown
        session = shown.session
        self._sheets.setCurrentIndex(1)
        self.player.show_parts(shown.parts if session.capture is Capture.STOPPED else ())
        self.patient.setText(patient_label(session.order.patient))
        author = " · edited" if shown.versions and _by_clinician(shown.versions[-1]) else ""
        self.facts.setText(_facts(shown) + author)
        state = state_of(session, is_heard=shown.is_heard)
        self.state.show_state(state.word, tone_colour(state.tone, self._colours))
        self._show_advice(None if shown.origin else advice_for(session, time.time()))
        self._offer_templates(shown)
        if not self.is_editing:
            self._show_tabs(keep_place=bool(same))
        self._show_actions()

    def rehearse(self, offer: Offer) -> None:
        """Lay out, unseen, what a first dictation shows: its first second has enough to do."""
        if self._shown is None:
            self.show_session(Shown(Session(SessionId(""), 0.0, Order()), (), offer))
            self.show_nothing()

    def show_nothing(self) -> None:
        """What was shown is no more."""
        self._edited_tab, self._shown, self._tabs = None, None, ()
        self.pages.setCurrentWidget(self.reader)
        self.reader.show_plain("")
        self.editor.clear()
        self._sheets.setCurrentIndex(0)

    def _show_advice(self, advice: Advice | None) -> None:
        if advice is None:
            self.advice.put_away()
            return
        self.advice.tell(
            Telling(
                advice.message,
                advice.remedy,
                advice.tone,
                advice.action,
                lambda: self.advice_taken.emit(advice.action),
            )
        )

    def _show_tabs(self, *, keep_place: bool) -> None:
        shown = self._shown
        if shown is None:
            return
        tabs = self._made_tabs(shown, shown.versions)
        heard = self._made_tabs(shown, shown.heard) if shown.heard else tabs
        self._heard_tabs = {tab.key: tab for tab in heard}
        if self._offers_documents and _is_delivered(shown):
            tabs = (*tabs, DOCUMENTS)
        place = max(self.tab_bar.currentIndex(), 0) if keep_place else self._first_place(tabs)
        self._tabs = tabs
        self.tab_bar.blockSignals(True)
        self.as_heard.blockSignals(True)
        self.as_heard.setChecked(keep_place and self.as_heard.isChecked())
        self.as_heard.blockSignals(False)
        titles = [tab.title.replace("&", "&&") for tab in tabs]
        if titles != [self.tab_bar.tabText(n) for n in range(self.tab_bar.count())]:
            while self.tab_bar.count():
                self.tab_bar.removeTab(0)
            for title in titles:
                self.tab_bar.addTab(title)
        self.tab_bar.setCurrentIndex(min(place, len(tabs) - 1))
        self.tab_bar.blockSignals(False)
        self._show_tab(grows=keep_place)

    @staticmethod
    def _made_tabs(shown: Shown, versions: tuple[ResultsVersion, ...]) -> tuple[ResultTab, ...]:
        return result_tabs(
            versions[-1].results if versions else None,
            shown.session.order.templates,
            shown.offer,
            waiting=shown.waiting or waiting_sentence(shown.session, is_heard=shown.is_heard),
            is_answered=not shown.session.typed or shown.session.delivery is Delivery.RESOLVED,
        )

    @staticmethod
    def _first_place(tabs: tuple[ResultTab, ...]) -> int:
        """A finished note is what one came for; else the transcript."""
        return 1 if len(tabs) > 1 and tabs[1].body else 0

    @Slot()
    def _turn_to_tab(self) -> None:
        self.keep_edit()
        self._show_tab()
        if self.tab() is DOCUMENTS:
            self.documents_wanted.emit()

    def _show_tab(self, *, grows: bool = False) -> None:
        tab, shown = self.tab(), self._shown
        if tab is None or shown is None:
            return
        self.pages.setCurrentWidget(self.documents if tab is DOCUMENTS else self.reader)
        self.actions_row.setVisible(tab is not DOCUMENTS)
        self.as_heard.setVisible(self._differs())
        live = shown.live_text if self._takes_live_text(tab) else ""
        self.sentence.setText("" if live else tab.sentence)
        self.sentence.setVisible(bool(self.sentence.text()))
        text = "\n".join(filter(None, (tab.body, live)))
        if tab.is_markdown:
            self.reader.show_markdown(tab.body)
        elif grows and shown.session.capture is not Capture.STOPPED:
            # What was heard so far becomes a result where the dictation goes on in another part.
            self.reader.show_growing(text)
        else:
            self.reader.show_plain(text)
        self.reader.setAccessibleName(tab.title)
        self._show_actions()

    def _takes_live_text(self, tab: ResultTab) -> bool:
        """The transcript, while nothing better is there or more is being spoken."""
        shown = self._shown
        speaking = shown is not None and shown.session.capture is not Capture.STOPPED
        return tab.key == TRANSCRIPT and (speaking or not tab.body)

    def show_live_text(self, text: str) -> None:
        """Show what was understood so far, and keep the newest words in sight."""
        tab = self.tab()
        if self._shown is None or tab is None or not self._takes_live_text(tab):
            return
        self._shown = replace(self._shown, live_text=text)
        self.sentence.setVisible(not text)
        self.reader.show_growing("\n".join(filter(None, (tab.body, text))))

    def tab(self) -> ResultTab | None:
        """The tab that is open, in the form that is shown."""
        written = self._written_tab()
        if written is not None and self.as_heard.isChecked():
            return self._heard_tabs.get(written.key, written)
        return written

    def _written_tab(self) -> ResultTab | None:
        place = self.tab_bar.currentIndex()
        return self._tabs[place] if 0 <= place < len(self._tabs) else None

    def _differs(self) -> bool:
        """Whether a rule about text changed what is shown."""
        written = self._written_tab()
        heard = self._heard_tabs.get(written.key) if written else None
        return written is not None and heard is not None and heard.body != written.body

    def _show_actions(self) -> None:
        tab, shown = self.tab(), self._shown
        if shown is None or tab is None:
            return
        stopped = shown.session.capture is Capture.STOPPED
        self.actions_row.show_possible(
            Possible(
                editing=self.is_editing,
                has_text=bool(tab.body),
                is_stored=bool(shown.versions),
                has_audio=stopped and shown.session.chunks > 0,
                is_stopped=stopped and not shown.session.is_cancelled,
                has_consent=shown.session.order.consented_at is not None,
                is_here=not shown.origin,
            )
        )

    # --- acting ---
    def go_to_stop(self, direction: int) -> None:
        """Go to the next field or heading, in the editor or in the text that is read."""
        go_to_stop(self.editor if self.is_editing else self.reader, direction)

    @Slot()
    def _copy(self) -> None:
        tab = self.tab()
        if tab is not None:
            self.copy_pressed.emit(self._chosen_text(tab))

    @Slot()
    def _insert(self) -> None:
        tab, shown = self.tab(), self._shown
        if tab is not None and shown is not None:
            self.insert_pressed.emit(self._chosen_text(tab), shown.session.session_id)

    def _chosen_text(self, tab: ResultTab) -> str:
        """What is selected, or all of it."""
        selected = self.reader.textCursor().selection().toPlainText()
        return selected or tab.plain

    @Slot()
    def _begin_edit(self) -> None:
        tab = self.tab()
        if tab is None:
            return
        self._edited_tab = tab
        text = self._held.pop(self._place_of(tab), tab.body)
        self.editor.open_text(text, is_markdown=tab.is_markdown)
        self.pages.setCurrentWidget(self.editor)
        self._show_actions()
        self.editor.setFocus()

    @Slot()
    def keep_edit(self) -> None:
        """Store what was edited, if anything was."""
        tab, shown, text = self._edited_tab, self._shown, self.editor.text()
        self._drop_edit()
        self.documents.keep_edit()
        if tab is not None and shown is not None and text != tab.body:
            self.edited.emit(shown.session.session_id, tab.key, text)

    @property
    def holds_edits(self) -> bool:
        """Whether an edit that could not be kept is only here."""
        return bool(self._held)

    @Slot(str, str, str)
    def hold_edit(self, session_id: str, key: str, text: str) -> None:
        """What was to be kept was not: the editor opens with it again, now or when it is wanted."""
        self._held[session_id, key] = text
        self._edit_held.emit()

    @Slot()
    def _reopen(self) -> None:
        """Not at once: it was perhaps kept because another dictation is about to be shown."""
        tab = self.tab()
        if tab is not None and not self.is_editing and self._place_of(tab) in self._held:
            self._begin_edit()

    def _place_of(self, tab: ResultTab) -> tuple[str, str]:
        return (self._shown.session.session_id if self._shown else "", tab.key)

    @Slot()
    def _drop_edit(self) -> None:
        if self.is_editing:
            had_focus = holds_focus(self)
            self._edited_tab = None
            self.pages.setCurrentWidget(self.reader)
            self._show_actions()
            if had_focus:
                self.actions_row.edit.setFocus()


def _is_delivered(shown: Shown) -> bool:
    """Whether it is ours and its service has heard all of it."""
    session = shown.session
    heard = session.delivery in (Delivery.ENDED, Delivery.RESOLVED)
    return heard and session.remote is not None and not shown.origin


def _facts(shown: Shown) -> str:
    """When it was, how long, and what to bear in mind with it."""
    session = shown.session
    if shown.origin:
        at = when(session.created_at, time.time()) if session.created_at else ""
        return " · ".join(filter(None, (at, shown.origin)))
    consent = "consent noted" if session.order.consented_at is not None else ""
    at = when(session.created_at, time.time())
    facts = (at, length_of(session), consent, caution_for(session))
    return " · ".join(filter(None, facts))


def _by_clinician(version: ResultsVersion) -> bool:
    return version.author is Author.CLINICIAN
