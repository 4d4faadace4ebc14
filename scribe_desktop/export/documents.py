"""A dictation as plain text or Markdown, for a record system that takes only that.

What the clinician sees is what is exported: the latest version of each note,
the transcript, and a mark for every gap in the recording.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.dictation import Dictation, PlacedGap, gaps, transcript
from scribe_desktop.domain.receipts import count_sentence
from scribe_desktop.domain.results import Json, Note
from scribe_desktop.domain.speech_marks import place_words


def as_text(dictation: Dictation) -> str:
    """The notes and the transcript as plain text, headings in capitals."""
    return _document(dictation, heading=lambda title: f"{title.upper()}\n")


def as_markdown(dictation: Dictation) -> str:
    """The notes and the transcript as Markdown."""
    return _document(dictation, heading=lambda title: f"## {title}\n")


def _document(dictation: Dictation, heading: Callable[[str], str]) -> str:
    parts: list[str] = []
    for session in dictation.sessions:
        results = dictation.results.get(session.session_id)
        notes = results.notes if results else ()
        parts.extend(f"{heading(title(note.template_id))}\n{note_text(note)}" for note in notes)
    spoken = transcript(dictation)
    if spoken is not None:
        parts.append(f"{heading('Transcript')}\n{spoken}")
    if (consented_at := dictation.first.order.consented_at) is not None:
        parts.append(f"{heading('Consent')}\n{consent_sentence(consented_at)}")
    parts.extend(f"{heading(what)}\n{said}" for what, said in missing_speech(dictation))
    return "\n\n".join(part.rstrip() for part in parts) + "\n" if parts else ""


def consent_sentence(at: float) -> str:
    """That the patient agreed, and when that was noted, by this computer's clock."""
    noted = datetime.fromtimestamp(at).astimezone()
    return f"The patient's consent to the recording was noted on {noted:%Y-%m-%d at %H:%M}."


def missing_speech(dictation: Dictation) -> tuple[tuple[str, str], ...]:
    """What is not in the text, as sentences under a heading each, in the order of speech."""
    placed = gaps(dictation)
    lost = [_gap_sentence(one) for one in placed if not one.gap.recorded]
    unheard = [_gap_sentence(one) for one in placed if one.gap.recorded]
    unheard += filter(None, map(count_sentence, dictation.sessions))
    sections = (("Not recorded", lost), ("Not heard by the service", unheard))
    return tuple((heading, "\n".join(said)) for heading, said in sections if said)


def _gap_sentence(placed: PlacedGap) -> str:
    gap, at = placed.gap, place_words(seconds(placed.at_frame))
    # A damaged file does not always tell how long it was.
    lost = f"{gap.seconds_lost:.1f} s are" if gap.seconds_lost else "something is"
    return f"At {at}, {lost} missing: {gap.reason}."


def title(template_id: str) -> str:
    """A template's id as a heading: `clinical_notes_template` is “Clinical notes”."""
    words = template_id.removesuffix("_template").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else "Note"


def note_text(note: Note) -> str:
    """The filled note as text; a tree becomes indented lines."""
    if note.content is None:
        return "\n".join(note.errors) or "(empty)"
    return "\n".join(_lines(note.content, indent=0))


def _lines(content: Json, indent: int) -> Iterable[str]:
    pad = "  " * indent
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _entry(f"{pad}{title(key)}:", value, indent)
    elif isinstance(content, list):
        for item in content:
            if isinstance(item, dict):
                yield f"{pad}- " + "; ".join(
                    f"{title(key).lower()}: {_flat(value)}" for key, value in item.items() if value
                )
            else:
                yield f"{pad}- {_flat(item)}"
    elif isinstance(content, str):
        yield from (f"{pad}{line}".rstrip() for line in content.splitlines())
    else:
        yield f"{pad}{_flat(content)}"


def _entry(label: str, value: Json, indent: int) -> Iterable[str]:
    if isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value):
        yield label
        yield from _lines(value, indent + 1)
    elif value not in (None, ""):
        yield f"{label} {_flat(value)}"


def _flat(value: Json) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return ", ".join(line.strip().removeprefix("- ") for line in _lines(value, 0))
    return str(value)
