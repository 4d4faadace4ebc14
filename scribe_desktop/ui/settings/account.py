"""Settings: signing in to the chosen service, in every way that it offers.

What is typed leaves the fields at once and goes to the account's keeper, on a
thread of its own; nothing of it is kept or shown here. A sign-in that waits
for somebody at a browser can be given up at any time.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.pieces import Row, button, label, paragraph
from scribe_desktop.ui.settings.page import Surroundings
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.workplace import Meanwhile, Proof, ShownCode, SignInWay

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Form:
    """What one way asks for; an empty word asks for nothing."""

    words: str
    name: str = ""
    secret: str = ""


_FORMS = {
    SignInWay.TOKEN: _Form("Access token or API key", secret="Access token"),  # noqa: S106  a caption
    SignInWay.CLIENT: _Form("Client id and secret", "Client id", "Client secret"),
    SignInWay.PASSWORD: _Form("User name and password", "User name", "Password"),
    SignInWay.DEVICE: _Form("A code, approved in the browser"),
    SignInWay.BROWSER: _Form("The service's page in the browser", "Client id"),
}
_IN_BROWSER = (SignInWay.DEVICE, SignInWay.BROWSER)
_CANCELLED = "The sign-in was cancelled."


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """One sign-in under way."""

    service: str
    cancel: threading.Event = field(default_factory=threading.Event)


class AccountPart(QWidget):
    """The account of the chosen service: its state, and what is needed to sign in."""

    changed = Signal()

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self._accounts = surroundings.workplace.accounts
        self._deeds = surroundings.deeds
        self._service = ""
        self._attempt: _Attempt | None = None
        self._address = ""
        self.state = paragraph("", quiet=True)
        self._make_form()
        self._make_waiting()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE * 2)
        column.addWidget(self.state)
        column.addWidget(self._form)
        column.addWidget(self._waiting)
        self._code_came = Crossing(self._show_code)
        self._page_came = Crossing(self._show_page)

    def _make_form(self) -> None:
        self.way = QComboBox()
        self.way.setAccessibleName("How to sign in")
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._offer_ways((SignInWay.TOKEN,))
        self.way.currentIndexChanged.connect(self._ask_for)
        self.name, self.secret = _Field(), _Field()
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.secret.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self.sign_in, self.sign_out = button("Sign in"), button("Sign out")
        for one in (self.name, self.secret):
            one.setMinimumWidth(260)
            one.returnPressed.connect(self._sign_in)
        self.sign_in.clicked.connect(self._sign_in)
        self.sign_out.clicked.connect(self._sign_out)
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.way, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.name)
        column.addWidget(self.secret)
        row = Row()
        row.addWidget(self.sign_in)
        row.addWidget(self.sign_out)
        column.addLayout(row)
        self._ask_for()

    def _make_waiting(self) -> None:
        self.waiting_for = paragraph("")
        self.code: QLabel = label("", ratio=1.6, bold=True)
        self.code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Signing in")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.open_page = button("Open the page again")
        self.open_page.clicked.connect(self._open_page)
        self.give_up = button("Cancel", "Cancel the sign-in")
        self.give_up.clicked.connect(self.cancel)
        self._waiting = QWidget()
        column = QVBoxLayout(self._waiting)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for widget in (self.waiting_for, self.code, self.progress):
            column.addWidget(widget)
        row = Row()
        row.addWidget(self.open_page)
        row.addWidget(self.give_up)
        column.addLayout(row)
        self._waiting.setVisible(False)

    # --- for the page ---
    def show_service(self, settings: Settings) -> None:
        """Show the account of the service that is chosen now."""
        accounts, name = self._accounts, settings.service
        is_new, self._service = name != self._service, name
        if is_new:
            self.cancel()
            self.name.clear()
            self.secret.clear()
            self._offer_ways((SignInWay.TOKEN,))
        needs_none = name == THIS_COMPUTER or accounts is None
        self._form.setVisible(not needs_none)
        if needs_none or accounts is None:
            self.state.setText("No account is needed.")
            return
        if is_new:
            self.state.setText("Asking the keyring…")
            self._look_up(name, lambda: accounts.ways(name), self._offer_ways)
        self._look_up(name, lambda: accounts.signed_in(name), self._show_signed_in)

    @Slot()
    def cancel(self) -> None:
        """Give up a sign-in that waits; what was signed in before stays."""
        if self._attempt is not None:
            self._attempt.cancel.set()
            self._end(self._attempt)
            self.state.setText(_CANCELLED)

    # --- what is offered and asked for ---
    def _look_up(self, service: str, ask: Callable[[], T], show: Callable[[T], None]) -> None:
        def came(answer: T) -> None:
            # Meanwhile another service may have been chosen.
            if service == self._service:
                show(answer)

        self._deeds.errands.run(ask, came, self._deeds.tell_error)

    def _offer_ways(self, ways: tuple[SignInWay, ...]) -> None:
        chosen = self.way.currentData()
        if ways == tuple(self.way.itemData(place) for place in range(self.way.count())):
            return
        self.way.clear()
        for way in ways:
            self.way.addItem(_FORMS[way].words, str(way))
        self.way.setCurrentIndex(max(self.way.findData(chosen), 0))

    @Slot()
    def _ask_for(self) -> None:
        if self.way.count() == 0:
            return  # between two lists
        form = _FORMS[SignInWay(self.way.currentData())]
        self.secret.clear()
        for one, caption in ((self.name, form.name), (self.secret, form.secret)):
            one.setVisible(bool(caption))
            one.setAccessibleName(caption)
            one.setPlaceholderText(caption)

    def _show_signed_in(self, signed_in: bool) -> None:  # noqa: FBT001  an answer
        self.sign_out.setEnabled(signed_in)
        if self._attempt is None:
            self.state.setText(
                "Signed in. The account is in the keyring of this computer." if signed_in
                else "Signed out. Dictations are kept here until you sign in."
            )  # fmt: skip

    # --- signing in ---
    @Slot()
    def _sign_in(self) -> None:
        accounts, service = self._accounts, self._service
        if accounts is None or self._attempt is not None:
            return
        way = SignInWay(self.way.currentData())
        form = _FORMS[way]
        for one, caption in ((self.name, form.name), (self.secret, form.secret)):
            if caption and not one.text().strip():
                self.state.setText(f"{caption} is empty. Type it first.")
                one.setFocus()
                return
        proof = Proof(way, self.name.text().strip() if form.name else "", self.secret.text())
        self.secret.clear()
        attempt = _Attempt(service)
        meanwhile = Meanwhile(
            lambda code: self._code_came.send(attempt, code),
            lambda address: self._page_came.send(attempt, address),
            attempt.cancel,
        )
        self._begin(attempt, way)
        self._deeds.errands.run(
            lambda: accounts.sign_in(service, proof, meanwhile),
            lambda notice: self._signed_in(attempt, notice),
            lambda error: self._failed(attempt, error),
        )

    def _begin(self, attempt: _Attempt, way: SignInWay) -> None:
        self._attempt = attempt
        self._address = ""
        self.state.setText("Signing in…")
        self.waiting_for.setText("Asking the service…")
        self.code.setVisible(False)
        self.open_page.setVisible(False)
        self.give_up.setVisible(way in _IN_BROWSER)
        self._form.setEnabled(False)
        self._waiting.setVisible(True)
        if way in _IN_BROWSER:
            self.give_up.setFocus()

    def _end(self, attempt: _Attempt) -> None:
        if self._attempt is not attempt:
            return
        self._attempt = None
        self.code.clear()
        self._form.setEnabled(True)
        if self._waiting.isAncestorOf(self.focusWidget() or self):
            self.sign_in.setFocus()
        self._waiting.setVisible(False)

    @Slot(object, object)
    def _show_code(self, attempt: _Attempt, code: ShownCode) -> None:
        if attempt is not self._attempt:
            return
        self.waiting_for.setText(
            f"Approve this code on the page that opens, or at {code.address} on any device."
            " This page notices by itself."
        )
        self.code.setText(code.code)
        self.code.setAccessibleName(f"Code: {code.code}")
        self.code.setVisible(True)
        self._opened(code.complete_address or code.address)

    @Slot(object, str)
    def _show_page(self, attempt: _Attempt, address: str) -> None:
        if attempt is self._attempt:
            self.waiting_for.setText("Finish the sign-in on the page that opens in the browser.")
            self._opened(address)

    def _opened(self, address: str) -> None:
        self._address = address
        self.open_page.setVisible(True)
        self._open_page()

    @Slot()
    def _open_page(self) -> None:
        if not QDesktopServices.openUrl(QUrl(self._address)):
            self._deeds.told.emit(
                Telling(
                    "No browser opened on this computer.",
                    "Choose a browser in the settings of the computer, or sign in another way.",
                )
            )

    def _signed_in(self, attempt: _Attempt, notice: str) -> None:
        self._end(attempt)
        if notice:
            self._deeds.told.emit(Telling(notice))
        self.changed.emit()

    def _failed(self, attempt: _Attempt, error: ScribeError) -> None:
        if attempt.cancel.is_set():
            return  # said when it was cancelled
        self._end(attempt)
        self.state.setText("Not signed in.")
        self._deeds.tell_error(error)

    @Slot()
    def _sign_out(self) -> None:
        accounts, service = self._accounts, self._service
        if accounts is not None:
            self._deeds.errands.run(
                lambda: accounts.sign_out(service),
                lambda _: self.changed.emit(),
                self._deeds.tell_error,
            )


class _Field(QLineEdit):
    """Keeps Return for itself: the dialog would press whatever button comes first."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
