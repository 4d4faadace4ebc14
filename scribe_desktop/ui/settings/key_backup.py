"""Settings: a backup of the key to the recordings, and bringing one back."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from scribe_desktop.ui.custody import Custody, came_back
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.pieces import Row, button, paragraph, picture
from scribe_desktop.ui.settings.passphrase import PassphraseDialog
from scribe_desktop.ui.theme import LIGHT, Colours
from scribe_desktop.ui.view_state import Tone

_WHY = (
    "Everything here is encrypted with one key, which this computer keeps. If the keyring is lost,"
    " only a backup of the key opens the recordings again."
)
_NEW = "Whoever has the file and the passphrase can read everything. Keep them apart."
_OLD = "The passphrase that was typed when this key was saved."
_SAVED = "The key is saved. Keep the file and its passphrase apart."


class KeyBackup(QWidget):
    """Two buttons, and the dialogs behind them."""

    def __init__(self, deeds: Deeds, custody: Custody) -> None:
        super().__init__()
        self._deeds, self._custody = deeds, custody
        self._colours = LIGHT
        self.save = button("Save the key…", "Save a backup of the key")
        self.save.clicked.connect(self._begin_save)
        self.bring_back = button("Bring a key back…", "Bring back a key from its backup")
        self.bring_back.clicked.connect(self._begin_bring_back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(paragraph(_WHY, quiet=True))
        row = Row()
        row.addWidget(self.save)
        row.addWidget(self.bring_back)
        column.addLayout(row)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        picture(self.save, "export", colours.text)
        picture(self.bring_back, "import", colours.text)

    def _dialog(self, title: str, why: str, go: str, *, is_new: bool) -> PassphraseDialog:
        made = PassphraseDialog(title, why, go, is_new=is_new, parent=self)
        made.use(self._colours)
        made.open()
        made.first.setFocus()
        return made

    @Slot()
    def _begin_save(self) -> None:
        dialog = self._dialog("A passphrase for the key", _NEW, "Choose a file…", is_new=True)
        dialog.go_on = lambda passphrase: self._save(dialog, passphrase)

    def _save(self, dialog: PassphraseDialog, passphrase: str) -> None:
        path, _ = QFileDialog.getSaveFileName(
            dialog, "Save the key", "scribe-desktop-key.json", "Key (*.json)"
        )
        if not path:
            return
        dialog.show_working()
        self._deeds.errands.run(
            lambda: self._custody.export_key(passphrase, path),
            lambda _: self._done(dialog, _SAVED),
            dialog.refuse,
        )

    @Slot()
    def _begin_bring_back(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Bring a key back", "", "Key (*.json);;All (*)")
        if not path:
            return
        dialog = self._dialog("The passphrase of this key", _OLD, "Bring it back", is_new=False)
        dialog.go_on = lambda passphrase: self._bring_back(dialog, path, passphrase)

    def _bring_back(self, dialog: PassphraseDialog, path: str, passphrase: str) -> None:
        dialog.show_working()
        self._deeds.errands.run(
            lambda: self._custody.import_key(path, passphrase),
            lambda count: self._done(dialog, came_back(count)),
            dialog.refuse,
        )

    def _done(self, dialog: PassphraseDialog, sentence: str) -> None:
        dialog.accept()
        self._deeds.told.emit(Telling(sentence, tone=Tone.GOOD))
