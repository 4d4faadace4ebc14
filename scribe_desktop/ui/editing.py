"""Makes the clinician's version of a result out of an edited text."""

from dataclasses import replace

from scribe_desktop.domain.results import Note, NoteStatus, Results
from scribe_desktop.ui.note_text import TRANSCRIPT


def edited_results(results: Results, key: str, text: str) -> Results:
    """The same results with one text replaced; everything else is untouched."""
    if key == TRANSCRIPT:
        return replace(results, transcript=text)
    if not any(note.template_id == key for note in results.notes):
        note = Note(key, NoteStatus.SUCCESS, text)
        return replace(results, notes=(*results.notes, note))
    notes = tuple(
        replace(note, content=text) if note.template_id == key else note for note in results.notes
    )
    return replace(results, notes=notes)
