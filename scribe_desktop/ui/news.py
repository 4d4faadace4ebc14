"""What the line's notices say in the strip across the window."""

from PySide6.QtCore import QObject, Slot

from scribe_desktop.domain.notices import (
    ImportProgressed,
    PartEnding,
    SilenceNoticed,
    SpoolTrouble,
    Trouble,
)
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.dialogs import part_telling, silence_telling
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.view_state import Tone, import_sentence


class News(QObject):
    """Tells them one after another; the newest is what is read."""

    def __init__(self, strip: Strip, deeds: Deeds) -> None:
        super().__init__(strip)
        self._strip = strip
        self._deeds = deeds
        self._part_told = ""

    def listen(self, bridge: Bridge) -> None:
        """From now on tell what comes over it."""
        bridge.silence_noticed.connect(self._ask_after_silence)
        bridge.part_ending.connect(self._tell_part_ending)
        bridge.import_progressed.connect(self._show_import)
        bridge.spool_troubled.connect(self._tell_spool_trouble)
        bridge.troubled.connect(self._tell_trouble)

    def part_is_over(self) -> None:
        """That a part would soon end has happened, and need not be read any more."""
        if self._strip.message == self._part_told:
            self._strip.put_away()

    @Slot(object)
    def _ask_after_silence(self, notice: SilenceNoticed) -> None:
        deeds = self._deeds
        self._strip.tell(silence_telling(notice, deeds.toggle_pause, deeds.still_here))

    @Slot(object)
    def _tell_part_ending(self, notice: PartEnding) -> None:
        self._part_told = notice.message
        self._strip.tell(part_telling(notice))

    @Slot(object)
    def _show_import(self, notice: ImportProgressed) -> None:
        said = import_sentence(notice.done_s, notice.total_s)
        is_read = notice.total_s is not None and notice.done_s >= notice.total_s
        self._strip.tell(Telling(said, tone=Tone.GOOD if is_read else Tone.BUSY))

    @Slot(object)
    def _tell_spool_trouble(self, notice: SpoolTrouble) -> None:
        tone = Tone.GOOD if notice.recovered else Tone.WARNING
        self._strip.tell(Telling(notice.message, notice.remedy, tone))

    @Slot(object)
    def _tell_trouble(self, notice: Trouble) -> None:
        self._strip.tell(Telling(notice.message, notice.remedy))
