"""Settings: who writes the notes, and who is signed in there."""

from dataclasses import asdict

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QProgressBar, QRadioButton, QVBoxLayout

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import THIS_COMPUTER, Mode
from scribe_desktop.domain.settings import Profile, Settings
from scribe_desktop.ui.addresses import refusal_of_address
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.pieces import Row, button, paragraph
from scribe_desktop.ui.settings.account import AccountPart
from scribe_desktop.ui.settings.connection import ConnectionPart
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.view_state import service_name, service_state

_MODES = (
    (Mode.DICTATION, "A dictation: one voice"),
    (Mode.CONSULTATION, "A consultation: a conversation"),
)
_DIALECTS = (
    ("", "Find out by itself"),
    ("eka", "EkaScribe"),
    ("onprem", "On premises"),
    ("spec", "MedScribe Alliance"),
)


class ServicesPage(Page):
    """The services, the account of the chosen one, model and mode."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Services and accounts",
            "This computer needs no account and no network. A dictation stays with the service it"
            " was recorded for.",
        )
        self.radios: dict[str, QRadioButton] = {}
        self._list = self.group()
        self.state = paragraph("", quiet=True)
        self._list_services()
        self._add_weights()
        self._add_account(surroundings)
        self._add_model()
        self._add_new()
        self._progressed = Crossing(self._show_progress)
        self.finish()

    # --- which service ---
    def _list_services(self) -> None:
        self._list.addWidget(self.state)
        self.say_locked(self._list, "service")
        self._add_radio(THIS_COMPUTER)
        for profile in self.line.settings().profiles:
            self._add_radio(profile.name)
        self.on_refresh(self._show_services)

    def _add_radio(self, name: str) -> None:
        radio = QRadioButton(service_name(name))
        radio.setAccessibleName(f"Service: {service_name(name)}")
        radio.clicked.connect(lambda: self.store("service", name))
        self.radios[name] = radio
        self._list.addWidget(radio)

    def _show_services(self, settings: Settings) -> None:
        present = {THIS_COMPUTER, *(profile.name for profile in settings.profiles)}
        for name in present - set(self.radios):
            self._add_radio(name)
        for name in set(self.radios) - present:
            self.radios.pop(name).deleteLater()
        locked = "service" in self.line.locked_settings()
        for name, radio in self.radios.items():
            radio.setChecked(name == settings.service)
            radio.setEnabled(not locked)
        offer = self.line.offer()
        said = f"{service_name(offer.service)}: {service_state(offer).word}. {offer.sentence}"
        self.state.setText(said.strip())

    # --- the speech model of this computer ---
    def _add_weights(self) -> None:
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the speech model")
        self.progress.setTextVisible(False)
        self.progress.setVisible(False)
        self.weights_sentence = paragraph("")
        self.fetch = button("Fetch the speech model")
        self.fetch.clicked.connect(self.fetch_model)
        row = Row()
        row.addWidget(self.fetch)
        self._list.addWidget(self.weights_sentence)
        self._list.addWidget(self.progress)
        self._list.addLayout(row)
        self._is_fetching = False
        self._look_at_weights()

    def _look_at_weights(self) -> None:
        """Whether the model is whole is read from the disk, which may take its time."""
        self._show_weights("")
        weights = self.workplace.weights
        if weights is not None:
            self.deeds.errands.run(weights.missing, self._show_weights, self.deeds.tell_error)

    def _show_weights(self, missing: str) -> None:
        if self._is_fetching:
            return
        self.weights_sentence.setText(missing)
        self.weights_sentence.setVisible(bool(missing))
        self.fetch.setVisible(bool(missing))
        self.fetch.setEnabled(True)
        self.progress.setVisible(False)

    @Slot()
    def fetch_model(self) -> None:
        """Bring the model here, going on where an earlier try ended."""
        weights = self.workplace.weights
        if weights is None or self._is_fetching:
            return
        self._is_fetching = True
        self.fetch.setEnabled(False)
        self.progress.setVisible(True)
        self.progress.setRange(0, 0)
        self.deeds.errands.run(
            lambda: weights.fetch(self._progressed.send),
            lambda _: self._fetched(),
            self._could_not_fetch,
        )

    def _fetched(self) -> None:
        self._is_fetching = False
        self._look_at_weights()

    def _could_not_fetch(self, error: ScribeError) -> None:
        self._fetched()
        self.deeds.tell_error(error)

    @Slot(int, int)
    def _show_progress(self, so_far: int, in_all: int) -> None:
        self.progress.setRange(0, 1000)
        self.progress.setValue(so_far * 1000 // max(in_all, 1))

    # --- the account ---
    def _add_account(self, surroundings: Surroundings) -> None:
        group = self.group("Account of the chosen service")
        self.account = AccountPart(surroundings)
        self.account.changed.connect(self._account_changed)
        self.connection = ConnectionPart(self)
        group.addWidget(self.account)
        group.addWidget(self.connection)
        self.on_refresh(self.account.show_service)
        self.on_refresh(self.connection.show_service)

    def leave(self) -> None:
        """Nobody waits for a browser on a page that is not looked at."""
        self.account.cancel()

    @Slot()
    def _account_changed(self) -> None:
        self.refresh()
        self.deeds.ask(self.line.send_now)

    # --- model and mode ---
    def _add_model(self) -> None:
        group = self.group("How it listens")
        models = [(one.model_id, one.name or one.model_id) for one in self.line.offer().models]
        self.model: QComboBox = self.choice(
            group, "model", "Model", "Accurate or fast, as the service offers.", models
        )
        self.mode = self.choice(group, "mode", "Who speaks", "", _MODES)

    # --- a service of one's own ---
    def _add_new(self) -> None:
        group = self.group("Add a service")
        self.new_name = _field("Name of the service", "Name, for example Our clinic")
        self.new_address = _field("Address of the service", "https://…")
        self.new_account = _field(
            "Account, if several people use this computer", "Account, for example your initials"
        )
        self.new_dialect = QComboBox()
        self.new_dialect.setAccessibleName("How the service speaks")
        for value, words in _DIALECTS:
            self.new_dialect.addItem(words, value)
        self.add = button("Add", "Add this service")
        self.add.clicked.connect(self._add_profile)
        self.remove = button("Remove the chosen service")
        self.remove.clicked.connect(self._remove_profile)
        self.new_refusal = paragraph("")
        self.new_refusal.setVisible(False)
        self._stack(group)
        self.on_refresh(self._show_new)

    def _stack(self, group: QVBoxLayout) -> None:
        group.addWidget(self.new_name)
        group.addWidget(self.new_address)
        group.addWidget(self.new_account)
        group.addWidget(
            paragraph(
                "For several people at one service, add it once for each with an account of its"
                " own: each signs in apart and sees their own dictations.",
                quiet=True,
            )
        )
        group.addWidget(self.new_dialect, 0, Qt.AlignmentFlag.AlignLeft)
        group.addWidget(self.new_refusal)
        row = Row()
        row.addWidget(self.add)
        row.addWidget(self.remove)
        group.addLayout(row)

    def _show_new(self, settings: Settings) -> None:
        locked = "profiles" in self.line.locked_settings()
        for widget in (
            self.new_name,
            self.new_address,
            self.new_account,
            self.new_dialect,
            self.add,
        ):
            widget.setEnabled(not locked)
        self.remove.setEnabled(not locked and settings.profile(settings.service) is not None)

    @Slot()
    def _add_profile(self) -> None:
        settings = self.line.settings()
        name, address = self.new_name.text().strip(), self.new_address.text().strip()
        taken = name == THIS_COMPUTER or settings.profile(name) is not None
        refusal = (
            "Give the service a name." if not name
            else "There is already a service of that name." if taken
            else refusal_of_address(address)
        )  # fmt: skip
        self.new_refusal.setText(refusal)
        self.new_refusal.setStyleSheet(f"color: {self.colours.warning}")
        self.new_refusal.setVisible(bool(refusal))
        if refusal:
            return
        dialect, account = str(self.new_dialect.currentData()), self.new_account.text().strip()
        profile = Profile(name, address.rstrip("/"), dialect, account)
        self.store("profiles", [asdict(one) for one in (*settings.profiles, profile)])
        self.store("service", name)
        self.new_name.clear()
        self.new_address.clear()
        self.new_account.clear()

    @Slot()
    def _remove_profile(self) -> None:
        settings = self.line.settings()
        kept = [asdict(one) for one in settings.profiles if one.name != settings.service]
        self.store("service", THIS_COMPUTER)
        self.store("profiles", kept)


def _field(name: str, hint: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(hint)
    return made
