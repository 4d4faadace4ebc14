"""Tries a microphone without making a dictation: look at the meter, then listen to yourself."""

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from scribe_desktop.domain.audio import BYTES_PER_FRAME
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.meter import Meter
from scribe_desktop.ui.pieces import Row, button, paragraph, picture
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.workplace import MicrophoneTest, Speaker

LISTEN_MS = 5000
_NOTHING = 64
"""A level of this many steps (of 32,768) is less than any microphone's own noise when spoken to."""


class SoundCheck(QWidget):
    """A meter, a button that records five seconds, and one that plays them."""

    heard = Signal(bool)

    def __init__(self, test: MicrophoneTest, speaker: Speaker | None) -> None:
        super().__init__()
        self._test = test
        self._speaker = speaker
        self._identity = ""
        self._pcm = b""
        self._listening = False
        self._playing = False
        self._errands = Errands(self)
        self._colours: Colours | None = None
        self.meter = Meter(test.level)
        self.meter.setAccessibleName("Level of the microphone that is tried")
        self.sentence = paragraph("Press Try and say a sentence.", quiet=True)
        self.listen = button("Try the microphone")
        self.listen.clicked.connect(self.toggle)
        self.play = button("Play what was heard")
        self.play.setEnabled(False)
        self.play.clicked.connect(self._play)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LISTEN_MS)
        self._timer.timeout.connect(self.stop)
        self._played = Crossing(self._end_playing)
        row = Row()
        row.addWidget(self.listen)
        row.addWidget(self.play)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        self.meter.setMaximumWidth(320)
        column.addWidget(self.meter)
        column.addWidget(self.sentence)
        column.addLayout(row)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.meter.use(colours)
        picture(self.play, "stop" if self._playing else "play", colours.text)
        picture(self.listen, "stop" if self._listening else "microphone", colours.text)

    def try_microphone(self, identity: str) -> None:
        """Which one is tried; an earlier try ends."""
        self.stop()
        self._identity = identity

    @Slot()
    def toggle(self) -> None:
        """Listen for five seconds, or stop at once."""
        if self._listening:
            self.stop()
            return
        self.listen.setEnabled(False)
        self.sentence.setText("Opening the microphone…")
        self._errands.run(
            lambda: self._test.begin(self._identity), lambda _: self._began(), self._failed
        )

    def _began(self) -> None:
        self._show_listening(listening=True)
        self.sentence.setText("Listening. Say a sentence.")
        self._timer.start()

    @Slot()
    def stop(self) -> None:
        """Stop listening, if it does, and playing."""
        if self._playing and self._speaker is not None:
            self._speaker.stop()
        if not self._listening:
            return
        self._timer.stop()
        self._show_listening(listening=False)
        self._errands.run(self._test.finish, self._take, self._failed)

    def _show_listening(self, *, listening: bool) -> None:
        self._listening = listening
        self.meter.set_live(listening)
        self.listen.setEnabled(True)
        self.listen.setText("Stop" if listening else "Try the microphone")
        self.listen.setAccessibleName(self.listen.text())
        if self._colours is not None:
            picture(self.listen, "stop" if listening else "microphone", self._colours.text)

    def _take(self, pcm: bytes) -> None:
        self._pcm = pcm
        loud = _is_loud(pcm)
        self.play.setEnabled(bool(pcm) and self._speaker is not None)
        self.sentence.setText(
            "The microphone hears you." if loud
            else "Nothing was heard. Is the microphone muted, or the wrong one chosen?"
        )  # fmt: skip
        self.heard.emit(loud)

    def _failed(self, error: ScribeError) -> None:
        self._show_listening(listening=False)
        self._show_playing(playing=False)
        self.sentence.setText(str(error))
        self.heard.emit(False)

    @Slot()
    def _play(self) -> None:
        speaker, pcm = self._speaker, self._pcm
        if speaker is not None and self._playing:
            speaker.stop()
        elif speaker is not None:
            self._show_playing(playing=True)
            self._errands.run(
                lambda: speaker.play(pcm, self._played.send), lambda _: None, self._failed
            )

    @Slot()
    def _end_playing(self) -> None:
        self._show_playing(playing=False)

    def _show_playing(self, *, playing: bool) -> None:
        self._playing = playing
        self.play.setText("Stop playing" if playing else "Play what was heard")
        self.play.setAccessibleName(self.play.text())
        if self._colours is not None:
            picture(self.play, "stop" if playing else "play", self._colours.text)


def _is_loud(pcm: bytes) -> bool:
    samples = memoryview(pcm[: len(pcm) // BYTES_PER_FRAME * BYTES_PER_FRAME]).cast("h")
    return max((abs(one) for one in samples), default=0) > _NOTHING
