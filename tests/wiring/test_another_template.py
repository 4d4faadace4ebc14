"""One more template, filled from what the service has already heard."""

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Delivery, Remote, Session, SessionId
from scribe_desktop.wiring import another_template
from scribe_desktop.wiring.another_template import AnotherTemplate
from tests.ui.fakes import session


@dataclass
class Shelf:
    """A line with one session, and a service that answers `results`."""

    stored: Session
    results: Results
    notes: list[Note] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def session(self, session_id: SessionId) -> Session:
        return self.stored

    def add_note(self, session_id: SessionId, note: Note) -> None:
        self.notes.append(note)

    def fill_template(self, remote: Remote, template_id: str, _cancel: threading.Event) -> Results:
        self.asked.append((remote.remote_id, template_id))
        return self.results


def shelf(monkeypatch: pytest.MonkeyPatch, status: NoteStatus, **changes: Any) -> Shelf:
    done = {"delivery": Delivery.RESOLVED, "remote": Remote("ses_remote", ""), **changes}
    notes = (Note("soap", status, "text"),)
    made = Shelf(replace(session(1), **done), Results(Outcome.COMPLETED, "said", notes))
    monkeypatch.setattr(another_template, "Library", lambda _client: made)
    return made


def run(made: Shelf) -> None:
    fill = AnotherTemplate(made, lambda _session: None)  # type: ignore[arg-type,return-value]
    fill(made.stored.session_id, "soap")


def test_the_note_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shelf(monkeypatch, NoteStatus.SUCCESS)
    run(made)
    assert made.asked == [("ses_remote", "soap")]
    assert [note.template_id for note in made.notes] == ["soap"]


def test_a_note_that_failed_is_said_and_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shelf(monkeypatch, NoteStatus.FAILED)
    with pytest.raises(ServiceError, match="could not fill"):
        run(made)
    assert made.notes == []


def test_what_is_not_sent_yet_cannot_be_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shelf(monkeypatch, NoteStatus.SUCCESS, delivery=Delivery.OPEN)
    with pytest.raises(ServiceError, match="does not have this dictation yet"):
        run(made)
    assert made.asked == []
