"""A dictation's results as they are read: with the clinician's text rules, and the original kept.

The one place where the rules meet the results. Whatever is shown, copied,
inserted or exported has come through here; what is stored never has. What the
clinician wrote by hand is left alone, and so are the headings of a note. Where
speech is missing, a mark says so (domain/speech_marks.py).
"""

from dataclasses import replace
from datetime import datetime

from scribe_desktop.domain.results import TRANSCRIPT, Json, Note, Results, ResultsVersion
from scribe_desktop.domain.session import Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.speech_marks import marked_note, marked_text
from scribe_desktop.domain.text import TextRules, write_out


def shown_versions(
    versions: tuple[ResultsVersion, ...],
    session: Session,
    settings: Settings,
    frames_before: int = 0,
) -> tuple[ResultsVersion, ...]:
    """The same versions as they are read; what was typed is not speech and stays as it is.

    `frames_before` were recorded in the linked sessions before this one.
    """
    if session.typed:
        return versions
    begun = datetime.fromtimestamp(session.created_at).astimezone()
    shown = []
    for version in versions:
        languages = version.results.languages or session.order.languages
        rules = settings.text_rules(languages, begun)
        shown.append(replace(version, results=as_shown(version.results, rules)))
    return heard_versions(tuple(shown), session, frames_before)


def heard_versions(
    versions: tuple[ResultsVersion, ...], session: Session, frames_before: int = 0
) -> tuple[ResultsVersion, ...]:
    """The versions with a mark where speech is missing, and nothing else done to them."""
    if session.typed or not session.gaps:
        return versions
    return tuple(
        replace(version, results=_marked(version.results, session, frames_before))
        for version in versions
    )


def _marked(results: Results, session: Session, frames_before: int) -> Results:
    """What the clinician wrote has the marks that it had when it was edited, or none on purpose."""
    transcript = results.transcript
    if transcript is not None and TRANSCRIPT not in results.edited:
        transcript = marked_text(transcript, session.gaps, session.frames, frames_before)
    notes = tuple(
        note
        if note.template_id in results.edited
        else replace(note, content=marked_note(note.content, session.gaps, frames_before))
        for note in results.notes
    )
    return replace(results, transcript=transcript, notes=notes)


def as_shown(results: Results, rules: TextRules) -> Results:
    """The results with the rules applied to all that the clinician did not write."""
    if rules.is_empty:
        return results
    transcript = results.transcript
    if transcript is not None and TRANSCRIPT not in results.edited:
        transcript = write_out(transcript, rules).text
    notes = tuple(
        note if note.template_id in results.edited else _shown_note(note, rules)
        for note in results.notes
    )
    return replace(results, transcript=transcript, notes=notes)


def _shown_note(note: Note, rules: TextRules) -> Note:
    return replace(note, content=_shown_content(note.content, rules))


def _shown_content(content: Json, rules: TextRules) -> Json:
    if isinstance(content, str):
        return "\n".join(_shown_line(line, rules) for line in content.split("\n"))
    if isinstance(content, list):
        return [_shown_content(item, rules) for item in content]
    if isinstance(content, dict):
        return {key: _shown_content(value, rules) for key, value in content.items()}
    return content


def _shown_line(line: str, rules: TextRules) -> str:
    if line.lstrip().startswith("#"):
        return line
    # Two spaces, or Markdown would run the lines together again.
    return write_out(line, rules).text.replace("\n", "  \n")
