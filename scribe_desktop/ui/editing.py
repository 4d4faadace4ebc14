"""Makes the clinician's version of a result out of an edited text."""

from dataclasses import replace

from scribe_desktop.domain.results import TRANSCRIPT, Note, NoteStatus, Results
from scribe_desktop.ui.note_text import note_markdown
from scribe_desktop.ui.service_shelf import StoredDocument


def edited_results(results: Results, key: str, text: str) -> Results:
    """The same results with one text replaced; everything else is untouched."""
    results = _by_hand(results, key)
    if key == TRANSCRIPT:
        return replace(results, transcript=text)
    if not any(note.template_id == key for note in results.notes):
        note = Note(key, NoteStatus.SUCCESS, text)
        return replace(results, notes=(*results.notes, note))
    notes = tuple(
        replace(note, content=text) if note.template_id == key else note for note in results.notes
    )
    return replace(results, notes=notes)


def _by_hand(results: Results, key: str) -> Results:
    """Say that this text is the clinician's own: no rule about text touches it any more."""
    return replace(results, edited=tuple(dict.fromkeys((*results.edited, key))))


def document_note(results: Results, document: StoredDocument) -> Note | None:
    """The note here that a document of the service is a copy of."""
    own = (note for note in results.notes if note.document_id == document.document_id)
    same = (
        note
        for note in results.notes
        if not note.document_id and note.template_id == document.template_id
    )
    return next(own, None) or next(same, None)


def with_document(results: Results, document: StoredDocument, name: str, text: str) -> Results:
    """The same results with the text of one document; everything else is untouched.

    A document that is no note here becomes one. It goes before the others,
    because of two notes of one template the last is the one that is shown.
    """
    mine = document_note(results, document)
    if mine is None:
        title = document.template_id or name
        new = Note(title, NoteStatus.SUCCESS, text, document.document_id)
        return replace(_by_hand(results, title), notes=(new, *results.notes))
    if note_markdown(mine.content) == text:
        return results
    notes = tuple(replace(note, content=text) if note is mine else note for note in results.notes)
    return replace(_by_hand(results, mine.template_id), notes=notes)
