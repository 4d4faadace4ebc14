"""What a person at a terminal reads while a dictation is on its way."""

import io
from typing import Any

import pytest

from scribe_desktop.dictating import _emit_delivery
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Problem, Session, SessionId
from scribe_desktop.protocol.errors import unreachable
from scribe_desktop.terminal import Progress, Terminal


def _said_of(session: Session) -> str:
    stream = io.StringIO()
    progress = Progress(stream)
    _emit_delivery(Dictation((session,), {}), progress.show)
    _emit_delivery(Dictation((session,), {}), progress.show)
    return stream.getvalue()


def _waiting(*, typed: bool = False) -> Session:
    error = unreachable("unreachable")
    problem = Problem(error.message, error.remedy, error.retry)
    return Session(
        SessionId("5e55"), 1.0, Order(), Capture.STOPPED, chunks=1, frames=1, problem=problem,
        typed=typed,
    )  # fmt: skip


def test_that_the_recording_is_safe_is_said_once() -> None:
    assert _said_of(_waiting()) == (
        "The service cannot be reached. Your recording is safe. It is sent again by itself.\n"
    )


def test_of_a_typed_text_it_is_the_text_that_is_safe() -> None:
    assert "Your text is safe." in _said_of(_waiting(typed=True))


def test_what_was_said_while_waiting_is_not_said_again_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal(as_json=False)
    session = _waiting()
    _emit_delivery(Dictation((session,), {}), terminal._progress.show)
    assert session.problem is not None
    record: dict[str, Any] = {
        "session_id": session.session_id,
        "error": {"message": session.problem.message, "remedy": session.problem.remedy},
    }
    terminal._finish({"command": "discard", "format": "text"}, {"record": record, "exit_code": 5})
    assert capsys.readouterr().err.count("cannot be reached") == 1
