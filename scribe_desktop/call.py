"""A command being carried out: what was asked, by whom, and what they want meanwhile."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scribe_desktop.app import Program
from scribe_desktop.domain.order import Patient
from scribe_desktop.exits import Exit
from scribe_desktop.line import Line

Emit = Callable[[dict[str, Any]], None]

_PATIENT = ("oid", "name", "age", "gender", "mobile")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: its exit code and the object that `--json` prints."""

    exit_code: Exit
    record: Any


@dataclass(slots=True)
class Wishes:
    """What the person at the terminal wants meanwhile; the events are set from outside.

    `stop` ends the recording and delivers, `leave` leaves the delivery for later.
    """

    stop: threading.Event
    leave: threading.Event
    stirred: threading.Condition = field(default_factory=threading.Condition)

    def stir(self) -> None:
        """Something changed: look again."""
        with self.stirred:
            self.stirred.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until `condition` holds; it is asked again at each stir."""
        with self.stirred:
            return self.stirred.wait_for(condition, timeout_s)


@dataclass(frozen=True, slots=True)
class Call:
    """One request being carried out."""

    program: Program
    request: dict[str, Any]
    emit: Emit
    wishes: Wishes

    @property
    def line(self) -> Line:
        """The line from microphone to note."""
        return self.program.line


def dictated_patient(request: dict[str, Any]) -> Patient:
    """Whose visit it is, from the JSON that came with a request."""
    given = request.get("patient", {})
    return Patient(**{name: str(given[name]) for name in _PATIENT if name in given})
