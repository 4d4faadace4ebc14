"""Lists the notes this computer can write, and reads the ones a clinic describes for itself.

A template says which headings a note has and which topics go under each; it
holds no words of its own that could end up in a note as if they had been said.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.server.topics import Topic, topic_of_heading


class Shape(StrEnum):
    """What a filled note looks like."""

    TEXT = "text"
    """The transcript itself."""
    TREE = "tree"
    """A string for each section, by its key."""
    MARKDOWN = "markdown"
    """One text with a heading for each section."""
    MEDICATIONS = "medications"
    """A list of medicines, each with its sentence."""
    KEY_FACTS = "key_facts"
    """Medicines, allergies, vitals and follow-up, each with its sentence."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the topics that go under it."""

    key: str
    title: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of note. Topics that no section takes go under Other."""

    id: str
    name: str
    description: str
    shape: Shape
    sections: tuple[Section, ...] = ()


# Where sentences go when a template has no heading of their own, nearest first.
_NEAREST: dict[Topic, tuple[Topic, ...]] = {
    Topic.COMPLAINT: (Topic.PRESENT,),
    Topic.PRESENT: (Topic.COMPLAINT, Topic.PAST),
    Topic.PAST: (Topic.PRESENT,),
    Topic.MEDICATIONS: (Topic.PAST, Topic.PRESENT),
    Topic.ALLERGIES: (Topic.PAST, Topic.PRESENT),
    Topic.FAMILY: (Topic.PAST, Topic.PRESENT),
    Topic.SOCIAL: (Topic.PAST, Topic.PRESENT),
    Topic.VITALS: (Topic.EXAMINATION,),
    Topic.EXAMINATION: (),
    Topic.INVESTIGATIONS: (Topic.EXAMINATION,),
    Topic.ASSESSMENT: (),
    Topic.PLAN: (),
    Topic.FOLLOW_UP: (Topic.PLAN,),
}

_SOAP = (
    Section(
        "subjective",
        "Subjective",
        (
            Topic.COMPLAINT,
            Topic.PRESENT,
            Topic.PAST,
            Topic.MEDICATIONS,
            Topic.ALLERGIES,
            Topic.FAMILY,
            Topic.SOCIAL,
        ),
    ),
    Section("objective", "Objective", (Topic.VITALS, Topic.EXAMINATION, Topic.INVESTIGATIONS)),
    Section("assessment", "Assessment", (Topic.ASSESSMENT,)),
    Section("plan", "Plan", (Topic.PLAN, Topic.FOLLOW_UP)),
)

_ALL_TOPICS = tuple(
    Section(topic.name.lower(), topic.value, (topic,)) for topic in Topic if topic != Topic.OTHER
)

BUILT_IN: Mapping[str, Template] = {
    template.id: template
    for template in (
        Template("transcript_template", "Transcript", "What was said, word for word.", Shape.TEXT),
        Template(
            "clinical_notes_template",
            "Clinical note",
            "Every sentence under its heading, from chief complaint to follow-up.",
            Shape.MARKDOWN,
            _ALL_TOPICS,
        ),
        Template("soap", "SOAP", "Subjective, objective, assessment and plan.", Shape.TREE, _SOAP),
        Template(
            "medications",
            "Medications",
            "Each medicine with dose, route, frequency, duration and the sentence it is from.",
            Shape.MEDICATIONS,
        ),
        Template(
            "key_facts",
            "Key facts",
            "Medicines, allergies, vital signs and follow-up, each with the sentence it is from.",
            Shape.KEY_FACTS,
        ),
    )
}

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<title>.+?)\s*#*\s*$", re.MULTILINE)
_LIST_ITEM = re.compile(
    r"^\s*(?:[-*•]|\d+[.)])\s+(?P<title>[^:\n]{1,80}?)\s*(?::.*)?$", re.MULTILINE
)
_LABEL = re.compile(r"^\s*(?P<title>[^:\n]{1,60}?)\s*:\s*$", re.MULTILINE)


def described(template_id: str, title: str, desc: str) -> Template:
    """The template that a clinic described by Markdown headings.

    Where there is none, list items or lines that end in a colon are taken for
    headings; a description without any gives a note that is all Other.
    """
    titles: list[str] = []
    for pattern in (_HEADING, _LIST_ITEM, _LABEL):
        titles = [match["title"].strip("*_ ") for match in pattern.finditer(desc)]
        if titles:
            break
    sections = tuple(
        Section(f"section_{number}", heading, _topics_for(heading))
        for number, heading in enumerate(dict.fromkeys(filter(None, titles)), start=1)
    )
    return Template(template_id, title, desc, Shape.MARKDOWN, sections)


def section_for(template: Template, topic: Topic) -> Section | None:
    """Where a sentence about `topic` goes, None for Other."""
    for wanted in (topic, *_NEAREST.get(topic, ())):
        takers = [section for section in template.sections if wanted in section.topics]
        if takers:
            # “Allergies” knows better than “Subjective”, which would take them too.
            return min(takers, key=lambda section: len(section.topics))
    return None


def _topics_for(heading: str) -> tuple[Topic, ...]:
    soap = next((section for section in _SOAP if section.key == heading.casefold()), None)
    if soap:
        return soap.topics
    topics = [topic_of_heading(part) for part in re.split(r"\s*(?:&|/|,|\band\b)\s*", heading)]
    return tuple(dict.fromkeys(topic for topic in topics if topic))
