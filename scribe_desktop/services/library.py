"""What a clinician can do with a dictation on the service after it is done.

Fill another template, read and save notes, look through earlier sessions,
listen to a recording, describe templates. Every method waits for the service,
so none belongs on the window's thread.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol, TypeVar

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.offer import TemplateOffer
from scribe_desktop.domain.results import NoteStatus, Results
from scribe_desktop.domain.session import Remote
from scribe_desktop.protocol import errors, library, requests
from scribe_desktop.protocol.library import Document, OwnTemplate, PastSession, Recording
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.requests import Request
from scribe_desktop.protocol.responses import Finished
from scribe_desktop.services.client import Client
from scribe_desktop.services.wire import Reply

FILL_S = 120.0
"""Some servers stream a note while they write it and close only then."""

_NO_SUCH_CALL = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)

_CUT_SHORT = frozenset({"timed_out", "broken_off"})
"""A stream of events that is long, or that a proxy ends: the note is written all the same."""

LOOK_S = 1.0
NOTE_LIMIT_S = 300.0
RECORDING_LIMIT_S = 60.0
LARGEST_RECORDING = 500 * 1024 * 1024

_NOTHING_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})

Found = TypeVar("Found")


class Cancel(Protocol):
    """Ends a wait; a threading.Event is one."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait that long for it; True if it was cancelled."""


class Library:
    """The calls around a session, through one client."""

    def __init__(self, client: Client, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now

    # --- the session -------------------------------------------------------------------

    def history(self, oid: str = "") -> tuple[PastSession, ...]:
        """The sessions that the service remembers, newest first.

        "Not found" means that there are none, "no such method" that it keeps no list.
        """
        try:
            return self._read(library.history(oid), library.read_history)
        except ServiceError as error:
            if error.status in _NOTHING_THERE:
                return ()
            raise

    def archive(self, remote_id: str) -> None:
        """Take a session out of the service's history."""
        self._client.call(library.archive(remote_id))

    def withdraw(self, remote_id: str) -> None:
        """Tell the service that a session was thrown away of which nothing is kept here."""
        self._client.call(requests.withdraw(remote_id), in_session=True)

    def recording(self, remote_id: str) -> Recording:
        """Where the service has the whole recording; "no such call" means that it keeps none."""
        try:
            return self._read(library.audio(remote_id), library.read_audio)
        except ServiceError as error:
            if error.status in _NO_SUCH_CALL and error.code != errors.RECORDING_NOT_READY:
                raise errors.no_recording(error.status) from error
            raise

    def whole_recording(self, remote_id: str, cancel: Cancel) -> bytes:
        """The recording itself; while the service still puts it together, it is waited for."""
        until = self._now() + RECORDING_LIMIT_S
        while True:
            try:
                found = self.recording(remote_id)
                break
            except ServiceError as error:
                is_ready_soon = error.code == errors.RECORDING_NOT_READY
                if not is_ready_soon or self._now() > until or cancel.wait(LOOK_S):
                    raise
        body = self._client.fetch(found.url, largest=LARGEST_RECORDING)
        if not body or body.lstrip()[:1] == b"<":
            # A network's own page must not be kept for a patient's voice.
            raise errors.unreadable(HTTPStatus.OK)
        return body

    # --- notes -------------------------------------------------------------------------

    def fill_template(self, remote: Remote, template_id: str, cancel: Cancel) -> Results:
        """Fill another template of a finished session; returns all its results.

        Waits for at most five minutes; the service goes on in any case.
        """
        request = library.fill_template(remote.remote_id, template_id)
        try:
            reply = self._client.call(request, within_s=FILL_S)
        except ServiceError as error:
            if error.code not in _CUT_SHORT or not self._is_begun(remote, template_id):
                raise
            return self._wait_for_note(remote, template_id, "", cancel)
        written = library.started_document_id(reply.body)
        return self._wait_for_note(remote, template_id, written, cancel)

    def _is_begun(self, remote: Remote, template_id: str) -> bool:
        """Whether the service writes such a note although its own answer did not arrive whole."""
        answer = self._client.get(remote)
        return isinstance(answer, Finished) and any(
            note.template_id == template_id for note in answer.results.notes
        )

    def notes_from_text(
        self, remote: Remote, transcript: str, template_id: str, cancel: Cancel
    ) -> Results:
        """Have a note written from a text, in a session that has no audio."""
        request = library.upload_transcript(remote.remote_id, transcript, template_id)
        reply = self._client.call(request)
        written = library.started_document_id(reply.body)
        return self._wait_for_note(remote, template_id, written, cancel)

    def _wait_for_note(
        self, remote: Remote, template_id: str, document_id: str, cancel: Cancel
    ) -> Results:
        until = self._now() + NOTE_LIMIT_S
        while True:
            answer = self._client.get(remote)
            if isinstance(answer, Finished) and _is_written(
                answer.results, template_id, document_id
            ):
                return answer.results
            if self._now() > until or cancel.wait(LOOK_S):
                raise errors.unreachable("timed_out")

    def documents(self, remote_id: str) -> tuple[Document, ...]:
        """The notes of a session as the service keeps them."""
        return self._read(library.detail(remote_id), library.read_detail)

    def document_text(self, document_id: str) -> str:
        """The text of a note."""
        document = self._read(library.read_document_request(document_id), library.read_document)
        return self._client.fetch(document.url).decode("utf-8", "replace")

    def save_document(
        self,
        remote_id: str,
        markdown: str,
        *,
        document_id: str = "",
        template_id: str = "",
        name: str = "",
    ) -> Document:
        """Store the clinician's version of a note on the service."""
        request = library.save_document(
            remote_id, document_id=document_id, template_id=template_id, name=name
        )
        document = self._read(request, library.read_document)
        self._client.put(document.url, markdown.encode(), "text/markdown")
        return document

    def delete_document(self, document_id: str) -> None:
        """Remove a note from the service."""
        self._client.call(library.delete_document(document_id))

    # --- templates ---------------------------------------------------------------------

    def templates(self) -> tuple[TemplateOffer, ...]:
        """The templates of this account."""
        return self._client.templates()

    def own_templates(self) -> tuple[OwnTemplate, ...]:
        """Those of them that the account described itself, and may change."""
        return self._read(library.described_templates(), library.read_own_templates)

    def create_template(self, title: str, instructions: str) -> str:
        """Describe a new template; returns its id."""
        request = library.create_template(title, instructions)
        return self._read(request, library.read_template_id)

    def change_template(self, template_id: str, title: str, instructions: str) -> None:
        """Describe a template anew."""
        self._client.call(library.change_template(template_id, title, instructions))

    def delete_template(self, template_id: str) -> None:
        """Remove a template."""
        self._client.call(library.delete_template(template_id))

    def _read(self, request: Request, reader: Callable[[bytes], Found]) -> Found:
        reply: Reply = self._client.call(request)
        try:
            return reader(reply.body)
        except Unreadable as error:
            raise errors.unreadable(reply.status) from error


def _is_written(results: Results, template_id: str, document_id: str) -> bool:
    """Whether the note asked for is there and no longer being written."""
    wanted = [
        note
        for note in results.notes
        if note.template_id == template_id and document_id in ("", note.document_id)
    ]
    return bool(wanted) and all(note.status is not NoteStatus.PROCESSING for note in wanted)
