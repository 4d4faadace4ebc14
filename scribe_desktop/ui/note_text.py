"""Turns what a service wrote into plain text and Markdown, changing no word of it.

Services answer with Markdown, with plain text or with a tree of values
(PROTOCOL.md §4). All become Markdown for the eye and plain lines for a
record; HTML stays visible as the characters it is made of.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.results import TRANSCRIPT, Json, Note, NoteStatus, Results

_DEEPEST_HEADING = 6


@dataclass(frozen=True, slots=True)
class ResultTab:
    """One tab of the result: the transcript, or one template filled."""

    key: str
    title: str
    body: str
    is_markdown: bool
    sentence: str = ""

    @property
    def plain(self) -> str:
        """What is copied and inserted."""
        return plain_text(self.body) if self.is_markdown else self.body


def result_tabs(
    results: Results | None,
    templates: Sequence[str],
    offer: Offer,
    *,
    waiting: str,
    is_answered: bool = True,
) -> tuple[ResultTab, ...]:
    """Transcript first, then one tab for each template, asked for or answered.

    `waiting` is the sentence of a tab that has nothing yet. Results that are
    not an answer hold only what the clinician typed.
    """
    transcript = results.transcript if results else None
    said = "" if transcript else (waiting if results is None else "The service sent no transcript.")
    tabs = [ResultTab(TRANSCRIPT, "Transcript", transcript or "", is_markdown=False, sentence=said)]
    notes = {note.template_id: note for note in results.notes} if results else {}
    for template_id in dict.fromkeys((*templates, *notes)):
        title = template_title(template_id, offer)
        note = notes.get(template_id)
        tabs.append(
            _note_tab(template_id, title, note, waiting, asked=is_answered and results is not None)
        )
    return tuple(tabs)


def _note_tab(key: str, title: str, note: Note | None, waiting: str, *, asked: bool) -> ResultTab:
    if note is None:
        sentence = "The service did not answer this template." if asked else waiting
        return ResultTab(key, title, "", is_markdown=True, sentence=sentence)
    sentence = {
        NoteStatus.SUCCESS: "",
        NoteStatus.PARTIAL: "This note is not complete.",
        NoteStatus.FAILED: "The service could not fill this template.",
        NoteStatus.PROCESSING: "The service is still writing this note.",
    }[note.status]
    said = " ".join(part for part in (sentence, *note.errors, *note.warnings) if part)
    return ResultTab(key, title, note_markdown(note.content), is_markdown=True, sentence=said)


def template_title(template_id: str, offer: Offer) -> str:
    """The name of a template; one the service no longer offers goes by its id."""
    name = next((one.name for one in offer.templates if one.template_id == template_id), "")
    if name:
        return name
    words = template_id.removesuffix("_template").replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else "Note"


def note_markdown(content: Json) -> str:
    """A note's content as Markdown; text is passed on as it is."""
    if isinstance(content, str):
        return content
    return "\n".join(_tree(content, depth=2)).strip()


def _tree(node: Json, depth: int) -> Iterator[str]:
    match node:
        case dict():
            for key, value in node.items():
                yield from _branch(str(key), value, depth)
        case list():
            for item in node:
                if isinstance(item, dict):
                    yield f"- {_flat(item)}"
                else:
                    yield from (f"- {line}" for line in _tree(item, depth))
            yield ""
        case None:
            return
        case _:
            yield _leaf(node)


def _branch(key: str, value: Json, depth: int) -> Iterator[str]:
    title = key.replace("_", " ").strip()
    title = title[:1].upper() + title[1:]
    if value is None or value in ("", [], {}):
        return
    if isinstance(value, dict | list):
        yield ""
        yield f"{'#' * min(depth, _DEEPEST_HEADING)} {title}"
        yield ""
        yield from _tree(value, depth + 1)
    elif isinstance(value, str) and "\n" in value:
        yield f"**{title}**\n\n{value}\n"
    else:
        yield f"**{title}:** {_leaf(value)}  "


def _flat(item: dict[str, Json]) -> str:
    """One entry of a list of records, on one line: a medication, an allergy."""
    parts = []
    for key, value in item.items():
        if value is None or value in ("", [], {}):
            continue
        if isinstance(value, dict):
            parts.append(_flat(value))
        elif isinstance(value, list):
            parts.append(", ".join(_flat(v) if isinstance(v, dict) else _leaf(v) for v in value))
        elif key in ("name", "text", "value", "title"):
            parts.append(_leaf(value))
        else:
            parts.append(f"{key.replace('_', ' ')}: {_leaf(value)}")
    return ", ".join(part for part in parts if part)


def _leaf(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*$")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


def plain_text(markdown: str) -> str:
    """Markdown as lines for a record: heading marks and bold marks go, every word stays."""
    lines = []
    for line in markdown.splitlines():
        heading = _HEADING.match(line)
        bare = heading.group(1) if heading else line
        lines.append(_STRONG.sub(r"\2", bare).rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
