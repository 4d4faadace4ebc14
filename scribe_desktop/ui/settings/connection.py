"""Settings: how patiently the chosen service is waited for, and how audio goes to it.

Only for a service of the network; this computer has neither slow lines nor
another way to take audio.
"""

from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.settings import REPLY_BOUNDS_S, Settings
from scribe_desktop.ui.settings.page import Page, number_field, select
from scribe_desktop.ui.theme import SPACE

_UPLOADS = {
    UploadType.CHUNKED: "In pieces, while you speak",
    UploadType.SINGLE: "In one piece, at the end",
    UploadType.STREAM: "Live, word by word",
}


class ConnectionPart(QWidget):
    """Two rows about the chosen service; each is stored at once in its profile."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE * 2)
        self.reply = number_field(REPLY_BOUNDS_S, "s")
        self.reply.editingFinished.connect(self._store_reply)
        self.upload = QComboBox()
        self.upload.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.upload.activated.connect(self._store_upload)
        self._offer_uploads((UploadType.CHUNKED,))
        page.say_locked(column, "profiles")
        page.row(
            column, "", "Wait for a reply",
            "More for a slow line. A dictation is kept and sent again in any case.", self.reply,
        )  # fmt: skip
        page.row(
            column, "", "How audio is sent",
            "What the service offers. If sending live breaks off, it goes on in pieces.",
            self.upload,
        )  # fmt: skip

    def show_service(self, settings: Settings) -> None:
        """Show what is in force for the chosen service."""
        profile = settings.profile(settings.service)
        self.setVisible(profile is not None)
        if profile is None:
            return
        offer = self._page.line.offer()
        offered = offer.upload_types if offer.service == profile.name else ()
        kinds = tuple(one for one in UploadType if one in offered or one is UploadType.CHUNKED)
        self._offer_uploads(kinds)
        used = profile.upload_type if profile.upload_type in kinds else UploadType.CHUNKED
        select(self.upload, used)
        if not self.reply.hasFocus():  # else somebody is typing
            self.reply.setValue(profile.reply_within_s)
        locked = "profiles" in self._page.line.locked_settings()
        self.reply.setEnabled(not locked)
        self.upload.setEnabled(not locked and len(kinds) > 1)

    def _offer_uploads(self, kinds: tuple[UploadType, ...]) -> None:
        if kinds == tuple(self.upload.itemData(place) for place in range(self.upload.count())):
            return
        self.upload.clear()
        for kind in kinds:
            self.upload.addItem(_UPLOADS[kind], str(kind))

    @Slot()
    def _store_reply(self) -> None:
        self._store(reply_within_s=self.reply.value())

    @Slot()
    def _store_upload(self) -> None:
        self._store(upload_type=UploadType(self.upload.currentData()))

    def _store(self, **changes: Any) -> None:  # noqa: ANN401  fields of a profile
        settings = self._page.line.settings()
        chosen = settings.profile(settings.service)
        if chosen is None or replace(chosen, **changes) == chosen:
            return
        changed = replace(chosen, **changes)
        profiles = [asdict(changed if one is chosen else one) for one in settings.profiles]
        self._page.store("profiles", profiles)
