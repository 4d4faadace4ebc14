"""What the program says of a fault of its own: a sentence and a place, never the fault's words.

Python by itself prints the whole of an exception nobody caught, and its words
may be a patient's; the local service's would go into a log and from there
into a support bundle. So every way to Python's printing is taken over:
the main thread's, the other threads', what cannot be raised (`__del__`), and
warnings. Modules that log are loaded only when something is wrong.
"""

import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO

from scribe_desktop.domain.errors import place_of

_SENTENCE = (
    "Something went wrong inside the program. Your recordings are safe.\n"
    "Try again. If it happens again, report this: {}"
)


def catch_all(*, speaks: bool = True) -> None:
    """From now on no fault is printed: each is logged, and told in a sentence if it `speaks`.

    The window puts its own sentence in place of this one. What asyncio catches it
    logs, and so does the web server: there `services/logs.py` leaves the words out.
    """

    def tell(kind: type[BaseException], trace: TracebackType | None) -> None:
        fault = _log(kind, trace)
        if speaks:
            say(_SENTENCE.format(fault))

    def of_main(
        kind: type[BaseException], _fault: BaseException, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            tell(kind, trace)

    def of_thread(caught: threading.ExceptHookArgs) -> None:
        # As Python itself has it: this is how a thread may end.
        if not issubclass(caught.exc_type, SystemExit):
            tell(caught.exc_type, caught.exc_traceback)

    sys.excepthook = of_main
    threading.excepthook = of_thread
    sys.unraisablehook = _unraisable
    warnings.showwarning = _warned


def say(words: str) -> None:
    """Write a line for whoever sits at the terminal. A program without a console has none."""
    if sys.stderr is not None:
        sys.stderr.write(f"{words}\n")


def is_at_terminal() -> bool:
    """Whether somebody sits there, and reads it."""
    return sys.stderr is not None and sys.stderr.isatty()


def _unraisable(caught: "sys.UnraisableHookArgs") -> None:
    """Nobody waits for what was being thrown away: it is only written down."""
    _log(caught.exc_type, caught.exc_traceback)


def _warned(  # the library's own parameters
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    import os

    _write(f"{category.__name__} at {os.path.basename(filename)}:{lineno}", "warning")  # noqa: PTH119  pathlib is not loaded for this


def _log(kind: type[BaseException], trace: TracebackType | None) -> str:
    fault = f"{kind.__name__} at {place_of(trace)}"
    _write(f"unforeseen {fault}", "error")
    return fault


def _write(event: str, level: str) -> None:
    import logging

    # Without a log the library would print it.
    if logging.getLogger().handlers:
        getattr(logging.getLogger(__name__), level)(event)
