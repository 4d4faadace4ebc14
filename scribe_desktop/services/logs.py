"""What the program writes down about itself: ids and kinds of events, never a patient.

One JSON object a line, rotated, owner-only. The texts of errors and of other
libraries are left out, because nobody can promise what is in them: an HTTP
library logs whole addresses, an exception may quote what was dictated.
"""

import contextlib
import json
import logging
import logging.handlers
import os
import re
import sys
import time
import traceback
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TextIO

from scribe_desktop.services.places import make_private

LOG_FILE = "scribe-desktop.log"

LINE_KEYS = frozenset({"at", "level", "from", "thread", "event", "error", "where"})
"""All that a line may hold."""

_OURS = "scribe_desktop"
_MAX_BYTES = 1_000_000
_KEPT_FILES = 5
_TALKATIVE = ("httpx", "httpcore", "uvicorn.access", "PIL", "asyncio")


def start_logging(folder: Path, *, level: int = logging.INFO, file: str = LOG_FILE) -> None:
    """Log to a rotating file in `folder`; a second call replaces the first."""
    make_private(folder)
    stop_logging()
    handler = PrivateFile(
        folder / file, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(_OURS).setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_to_parent() -> None:
    """In a child process: write lines to stderr, from where the parent takes them over."""
    handler = _Pipe(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.getLogger().addHandler(handler)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def as_line(said: str) -> str:
    """A line of a child's stderr as it may be kept: its own lines as they are.

    Of whatever else comes, from a library in native code or from the interpreter
    as it dies, only the places of a traceback are kept, and how much it was.
    """
    if _is_line(said):
        return said
    line: dict[str, object] = {
        "at": round(time.time(), 3),
        "level": "warning",
        "from": "stderr",
        "thread": "",
        "event": f"{len(said)} characters that are not for a log",
    }
    if place := _PLACE.match(said):
        line["where"] = [f"{place['file']}:{place['line']} {place['function'] or ''}".rstrip()]
    return json.dumps(line, ensure_ascii=False)


_PLACE = re.compile(
    r'\s*File "(?:[^"]*[/\\])?(?P<file>\w+\.py)", line (?P<line>\d+),? in (?P<function>\w*)'
)
"""A line of a traceback, of Python's or of faulthandler's."""


def _is_line(said: str) -> bool:
    try:
        line = json.loads(said)
    except ValueError:
        return False
    return isinstance(line, dict) and "event" in line and line.keys() <= LINE_KEYS


def stop_logging() -> None:
    """Close our log file, if one is open."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, PrivateFile)]:
        root.removeHandler(handler)
        handler.close()


def where(trace: TracebackType | None) -> list[str]:
    """The places an exception passed through, without anything it said."""
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


class PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating log that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return TextIOWrapper(os.fdopen(handle, "ab"), encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Do without the line, on a full disk too: the library would print it, words and all."""

    def close(self) -> None:
        """Close it, with or without the last lines."""
        with contextlib.suppress(OSError):
            super().close()


class _Pipe(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Do without the line: the parent may be gone."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "from": record.name,
            "thread": record.threadName,
        }
        if record.name == _OURS or record.name.startswith(_OURS + "."):
            line["event"] = _message(record)
        else:
            line["event"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = where(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # Words that do not fit what is to be put into them; the place is enough to find it.
        return f"{record.filename}:{record.lineno}"
