"""What a person at a terminal sees: progress on stderr, the result on stdout.

The command itself runs in whichever process owns the spool. This module finds
that process or becomes it, passes on Enter and Ctrl+C, and prints.
"""

import contextlib
import json
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from scribe_desktop.domain.errors import ScribeError, SpoolError
from scribe_desktop.domain.reassurance import told_once
from scribe_desktop.exits import Exit
from scribe_desktop.services.control import Control, Holder, NobodyHolds
from scribe_desktop.services.places import Places, find_places

if TYPE_CHECKING:
    from scribe_desktop.app import Program
    from scribe_desktop.call import Wishes

_BAR_WIDTH = 24
_LOOK_S = 0.2
_ABANDON_LIMIT_S = 0.3


def failure_record(error: ScribeError) -> dict[str, Any]:
    """The `--json` object of a dictation that did not even begin."""
    from scribe_desktop.domain.receipts import receipts_record

    return {
        "session_id": None,
        "remote_session_ids": [],
        "status": "failed",
        "transcript": None,
        "templates": [],
        "languages": [],
        "model": None,
        "audio_seconds": 0.0,
        "chunks": 0,
        "gaps": [],
        "receipts": receipts_record((), {}),
        "timings_ms": dict.fromkeys(
            ("first_block", "stop_to_end", "stop_to_transcript", "stop_to_note")
        ),
        "error": {"message": error.message, "remedy": error.remedy},
    }


class Progress:
    """One line on stderr that moves on a terminal, and is quiet elsewhere.

    Where stderr is a file or a pipe only what a reader needs afterwards is
    written: that the microphone is heard, warnings, and trouble.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._moves = stream.isatty()
        self._shown = ""
        self._said: set[str] = set()

    def show(self, message: dict[str, Any]) -> None:
        """Show one progress message of a command."""
        if "warning" in message:
            self.say(message["warning"])
        elif "listening" in message:
            self.say("Listening. Press Enter to stop.", once=False)
        elif message.get("problem"):
            self.say(message["problem"])
        elif self._moves:
            self._draw(_line(message))

    def clear(self) -> None:
        """Leave a clean line for the result."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = ""

    def say(self, sentence: str, *, once: bool = True) -> None:
        """Write a sentence on a line of its own; the same one only once, unless asked to."""
        if once and sentence in self._said:
            return
        self._said.add(sentence)
        self.clear()
        self._stream.write(sentence + "\n")
        self._stream.flush()

    def _draw(self, line: str) -> None:
        if line and line != self._shown:
            self._stream.write("\r\x1b[K" + line)
            self._stream.flush()
            self._shown = line


def _line(message: dict[str, Any]) -> str:
    if "recorded_s" in message:
        minutes, rest = divmod(int(message["recorded_s"]), 60)
        loud = max(0.0, min(1.0, (message.get("level_dbfs", -60.0) + 60.0) / 60.0))
        return f"Recording {minutes}:{rest:02d} {_bar(loud)}"
    if message.get("processing"):
        return "Processing…"
    if message.get("chunks"):
        sent, total = message["accepted"], message["chunks"]
        return f"Sending {sent} of {total} {_bar(sent / total)}"
    if "pending" in message:
        return f"{message['pending']} still to deliver"
    return ""


def _bar(share: float) -> str:
    full = round(share * _BAR_WIDTH)
    return "█" * full + "░" * (_BAR_WIDTH - full)


class Terminal:
    """Runs one request, here or in the process that owns the spool, and prints it."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = Progress(sys.stderr)

    def ask_running(self, request: dict[str, Any]) -> int:
        """Speak to the program that is open; never starts one."""
        control = Control(find_places().control)
        try:
            return self._finish(request, control.ask(request, self._progress.show))
        except NobodyHolds:
            sys.stderr.write(
                "Scribe Desktop is not open, so there is nothing to control. "
                "Open it with “scribe-desktop”.\n"
            )
            return Exit.FAILED

    def run(self, request: dict[str, Any]) -> int:
        """Run the request wherever the spool is."""
        stop, leave = threading.Event(), threading.Event()
        _listen_to_person(request, stop, leave)
        places = find_places()
        answer = Control(places.control).ask_or_hold(request, self._progress.show, stop, leave)
        if not isinstance(answer, Holder):
            return self._finish(request, answer)

        from scribe_desktop.app import Program
        from scribe_desktop.call import Wishes

        with contextlib.closing(answer) as holder:
            if request["command"] == "key import" and _is_their_key(places, request):
                done = {"exit_code": int(Exit.DONE), "record": {"sessions": 0}}
                return self._finish(request, done)
            program = Program(
                places,
                may_record=request["command"] == "dictate" and "file" not in request,
                on_wait=lambda waiting: self._progress.show({"warning": str(waiting)}),
            )
            self._tell_opening(program.opening_notices)
            with program:
                code = self._run_holding(holder, program, request, Wishes(stop, leave))
        if program.parting is None:
            return code
        sys.stderr.write(f"{program.parting}\n")
        return Exit.FAILED

    def _run_holding(
        self, holder: Holder, program: "Program", request: dict[str, Any], wishes: "Wishes"
    ) -> int:
        from scribe_desktop.commands import run, serve_others

        serve_others(holder, program)
        try:
            code = self._finish(request, run(program, request, self._progress.show, wishes))
            # Whoever asked us meanwhile gets an answer before the spool is closed.
            while not wishes.leave.is_set() and not holder.wait_until_idle(_LOOK_S):
                pass
        finally:
            holder.abandon(_ABANDON_LIMIT_S)
        return code

    def _tell_opening(self, notices: Iterable[ScribeError]) -> None:
        for notice in notices:
            # A key that is kept in a file is no news; `doctor` speaks of it.
            if isinstance(notice, SpoolError):
                self._progress.show({"warning": str(notice)})

    def _finish(self, request: dict[str, Any], answer: dict[str, Any]) -> int:
        self._progress.clear()
        record = answer["record"]
        if self._as_json or request.get("format") in ("json", "fhir"):
            sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        else:
            self._print_for_reading(request, record)
        sys.stdout.flush()
        return int(answer["exit_code"])

    def _print_for_reading(self, request: dict[str, Any], record: Any) -> None:  # noqa: ANN401  JSON
        from scribe_desktop.rendering import render

        sys.stdout.write(render(request, record))
        failure = record.get("error") if isinstance(record, dict) else None
        if failure:
            # It may have been said while it was being waited for.
            self._progress.say(told_once(failure["message"], failure["remedy"]))


def _is_their_key(places: Places, request: dict[str, Any]) -> bool:
    """Whether it is the key of the recordings here, which cannot be opened without it."""
    from scribe_desktop.services.secret import Secret
    from scribe_desktop.services.spool_opening import import_key_before_opening

    return import_key_before_opening(places, request["text"], Secret(request["passphrase"]))


def _listen_to_person(
    request: dict[str, Any], stop: threading.Event, leave: threading.Event
) -> None:
    """Ctrl+C or Enter ends the speech and Ctrl+C again leaves; who is told to end leaves at once.

    What was spoken is delivered by the next start, so a logout never waits
    for a service. A file has no speaker: there the first Ctrl+C leaves.
    """

    def wish() -> None:
        (leave if stop.is_set() else stop).set()

    def end(*_: object) -> None:
        stop.set()
        leave.set()

    signal.signal(signal.SIGINT, end if "file" in request else lambda *_: wish())
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    speaks = request["command"] == "dictate" and "file" not in request
    # With a time given nobody need be there: then only a person's keyboard is
    # listened to, and a script keeps its input for itself.
    is_timed = request.get("seconds") is not None
    if speaks and (not is_timed or sys.stdin.isatty()):
        listening = threading.Thread(
            target=_stop_at_enter, args=(stop,), kwargs={"is_timed": is_timed}, daemon=True
        )
        listening.start()


def _stop_at_enter(stop: threading.Event, *, is_timed: bool) -> None:
    # Also at the end of input: a script's pipe that closes ends the dictation.
    # Not where a time was given, because Windows takes the null device for a keyboard.
    if sys.stdin.readline() or not is_timed:
        stop.set()
