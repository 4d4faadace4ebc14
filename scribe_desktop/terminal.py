"""What a person at a terminal sees: progress on stderr, the result on stdout.

The command itself runs in whichever process owns the spool. This module finds
that process or becomes it, passes on Enter and Ctrl+C, and prints.
"""

import contextlib
import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.exits import Exit
from scribe_desktop.services.control import Control, Holder, NobodyHolds
from scribe_desktop.services.places import Places, find_places

_BAR_WIDTH = 24


def failure_record(error: ScribeError) -> dict[str, Any]:
    """The `--json` object of a dictation that did not even begin."""
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
            self._say(message["warning"])
        elif "listening" in message:
            self._say("Listening. Press Enter to stop.", once=False)
        elif message.get("problem"):
            self._say(f"{message['problem']} The recording is safe; trying again.")
        elif self._moves:
            self._draw(_line(message))

    def clear(self) -> None:
        """Leave a clean line for the result."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = ""

    def _say(self, sentence: str, *, once: bool = True) -> None:
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

        def wish() -> None:
            (leave if stop.is_set() else stop).set()

        self._listen_to_person(request, wish)
        places = find_places()
        answer = Control(places.control).ask_or_hold(request, self._progress.show, stop, leave)
        if not isinstance(answer, Holder):
            return self._finish(request, answer)

        from scribe_desktop.app import Program
        from scribe_desktop.call import Wishes
        from scribe_desktop.commands import run, serve_others

        with contextlib.closing(answer) as holder:
            if request["command"] == "key import" and _is_their_key(places, request):
                done = {"exit_code": int(Exit.DONE), "record": {"sessions": 0}}
                return self._finish(request, done)
            with Program(places) as program:
                serve_others(holder, program)
                wishes = Wishes(stop, leave)
                code = self._finish(request, run(program, request, self._progress.show, wishes))
                # Whoever asked us meanwhile gets an answer before the spool is closed.
                holder.wait_until_idle()
                return code

    def _listen_to_person(self, request: dict[str, Any], wish: Callable[[], None]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: wish())
        speaks = request["command"] == "dictate" and "file" not in request
        if speaks and request.get("seconds") is None:
            threading.Thread(target=_wish_at_enter, args=(wish,), daemon=True).start()

    def _finish(self, request: dict[str, Any], answer: dict[str, Any]) -> int:
        self._progress.clear()
        record = answer["record"]
        if self._as_json or request.get("format") == "json":
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
            sys.stderr.write(f"{failure['message']} {failure['remedy']}".strip() + "\n")


def _is_their_key(places: Places, request: dict[str, Any]) -> bool:
    """Whether it is the key of the recordings here, which cannot be opened without it."""
    from scribe_desktop.services.secret import Secret
    from scribe_desktop.services.spool_opening import import_key_before_opening

    return import_key_before_opening(places, request["text"], Secret(request["passphrase"]))


def _wish_at_enter(wish: Callable[[], None]) -> None:
    # Also at the end of input: a script's pipe that closes ends the dictation.
    sys.stdin.readline()
    wish()
