"""Writes a note from a transcript by putting each sentence where it belongs.

Nothing is composed, shortened or left out: the sentences of a note are the
transcript's, each once and word for word, so that no digit, dose, unit, side
or “no” can change on the way. What fits under no heading stands under Other.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from scribe_desktop.domain.results import Json
from scribe_desktop.server.findings import allergies_in, follow_ups_in, vitals_in
from scribe_desktop.server.medications import medications_in
from scribe_desktop.server.sentences import split
from scribe_desktop.server.templates import Section, Shape, Template, section_for
from scribe_desktop.server.topics import sort

OTHER = Section("other", "Other", ())


@dataclass(frozen=True, slots=True)
class FilledNote:
    """A filled template. `data` has the template's shape; `markdown` is the same to be read."""

    status: Literal["success", "failure"]
    data: Json
    markdown: str
    errors: tuple[str, ...] = ()


def fill(template: Template, transcript: str) -> FilledNote:
    """Fill one template. An empty transcript is a failure, because there is nothing to write."""
    if not transcript.strip():
        return FilledNote("failure", None, "", ("Nothing was said, so there is nothing to write.",))
    return _SHAPES[template.shape](template, transcript)


def sections_of(template: Template, transcript: str) -> list[tuple[Section, list[str]]]:
    """The template's sections in order and Other last, each with its sentences in order."""
    filled: dict[str, list[str]] = {section.key: [] for section in (*template.sections, OTHER)}
    for placed in sort(split(transcript)):
        section = section_for(template, placed.topic) or OTHER
        filled[section.key].append(placed.sentence)
    return [(section, filled[section.key]) for section in (*template.sections, OTHER)]


def _text(_: Template, transcript: str) -> FilledNote:
    return FilledNote("success", transcript, transcript)


def _tree(template: Template, transcript: str) -> FilledNote:
    sections = sections_of(template, transcript)
    tree: dict[str, Json] = {
        section.key: " ".join(sentences)
        for section, sentences in sections
        if sentences or section is not OTHER
    }
    return FilledNote("success", tree, _markdown(sections))


def _headed(template: Template, transcript: str) -> FilledNote:
    text = _markdown(sections_of(template, transcript))
    return FilledNote("success", text, text)


def _medications(_: Template, transcript: str) -> FilledNote:
    rows = _medication_rows(transcript)
    return FilledNote("success", list(rows), _listed(rows))


def _key_facts(_: Template, transcript: str) -> FilledNote:
    sentences = split(transcript)
    facts: dict[str, list[dict[str, Json]]] = {
        "medications": _medication_rows(transcript),
        "allergies": [asdict(found) for found in allergies_in(sentences)],
        "vitals": [asdict(found) for found in vitals_in(sentences)],
        "follow_up": [asdict(found) for found in follow_ups_in(sentences)],
    }
    text = "\n\n".join(
        f"## {key.replace('_', '-').capitalize()}\n\n{_listed(rows)}" for key, rows in facts.items()
    )
    return FilledNote("success", {key: list(rows) for key, rows in facts.items()}, text)


def _medication_rows(transcript: str) -> list[dict[str, Json]]:
    return [asdict(found) for found in medications_in(split(transcript))]


def _markdown(sections: list[tuple[Section, list[str]]]) -> str:
    return "\n\n".join(
        f"## {section.title}\n\n{' '.join(sentences)}"
        for section, sentences in sections
        if sentences
    )


def _listed(rows: list[dict[str, Json]]) -> str:
    """One line for each row: what was found, then its sentence."""
    lines = []
    for row in rows:
        values = [str(value) for value in row.values() if isinstance(value, str) and value]
        sentence = values.pop()
        denied = " (denied)" if row.get("denied") else ""
        lines.append(f"- {', '.join(values) or '–'}{denied}: “{sentence}”")
    return "\n".join(lines) or "Nothing was said about this."


_SHAPES: dict[Shape, Callable[[Template, str], FilledNote]] = {
    Shape.TEXT: _text,
    Shape.TREE: _tree,
    Shape.MARKDOWN: _headed,
    Shape.MEDICATIONS: _medications,
    Shape.KEY_FACTS: _key_facts,
}
