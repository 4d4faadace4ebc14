"""Asks a Philips or Nuance microphone which model it is.

The answer tells whether it has a slider, and a slider that stands on RECORD
must not be mistaken for somebody pressing a button. The exchange is a plain
conversation: frames to send come out, answers go in; who owns the wire and
the clock is somebody else.
"""

from collections.abc import Generator

_IS_PREMIUM = 0x83
_CODE_OLD = 0x87
_CODES_PREMIUM = 0x8B
_FIRMWARE = 0x91
_CODE_SPEECHONE = 0x96

_AIR = (4000, 4010)
_AMBIENT_FIRMWARE = 6

ANSWER_WITHIN_S = 1.5
TRIES = 3


def _questions() -> Generator[int, bytes, int]:
    """Yield question numbers, receive answers, return the device code."""
    premium = yield _IS_PREMIUM
    if not premium[8] & 0x80:
        old = yield _CODE_OLD
        return _big_endian(old, 7)
    codes = yield _CODES_PREMIUM
    if codes[1]:
        speechone = yield _CODE_SPEECHONE
        return _big_endian(speechone, 7)
    code = max(_big_endian(codes, at) for at in (2, 4, 6))
    if code in _AIR:
        firmware = yield _FIRMWARE
        if firmware[5] >= _AMBIENT_FIRMWARE:
            ambient = yield _CODE_SPEECHONE
            return _big_endian(ambient, 5) or code
    return code


def _big_endian(report: bytes, at: int) -> int:
    return int.from_bytes(report[at : at + 2], "big")


class Identification:
    """One conversation, with its patience.

    `frame` is the question to send now, or None when there is nothing to
    send. When `done`, `code` is the device code, or None if the device did
    not answer after three tries: it is kept, as a microphone of unknown type.
    """

    def __init__(self, now_s: float) -> None:
        self._questions = _questions()
        self._asked = next(self._questions)
        self._tries = 0
        self.done = False
        self.code: int | None = None
        self.frame: bytes | None = None
        self._ask(now_s)

    def answer(self, command: int, report: bytes, now_s: float) -> None:
        """Take in an answer; answers to other programs' questions are ignored."""
        if self.done or command != self._asked:
            return
        try:
            self._asked = self._questions.send(report)
        except StopIteration as stop:
            self.done, self.code, self.frame = True, stop.value or None, None
            return
        self._tries = 0
        self._ask(now_s)

    def wait(self, now_s: float) -> None:
        """Ask again, or give up, when the answer is overdue."""
        if self.done or now_s < self.due_s:
            return
        if self._tries == TRIES:
            self.done, self.frame = True, None
            return
        self._ask(now_s)

    def take_frame(self) -> bytes | None:
        """The question to send, once."""
        frame, self.frame = self.frame, None
        return frame

    def _ask(self, now_s: float) -> None:
        self._tries += 1
        self.due_s = now_s + ANSWER_WITHIN_S
        # One byte is the question; Windows wants the whole report.
        self.frame = bytes([self._asked]) + bytes(8)
