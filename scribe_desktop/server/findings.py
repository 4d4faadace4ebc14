"""Finds allergies, vital signs and appointments in a dictation, each with its sentence.

Values are quoted word for word. An allergy that was denied is marked as
denied, never dropped and never turned into an allergy.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scribe_desktop.server.spoken_numbers import COUNT, NUMBER


@dataclass(frozen=True, slots=True)
class Allergy:
    """What somebody is, or is said not to be, allergic to; empty when no substance was named."""

    substance: str
    denied: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Vital:
    """One measured sign as it was said."""

    name: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """When the patient is to be seen again, as it was said; empty when no time was named."""

    when: str
    sentence: str


_ALLERGY = re.compile(r"\ballerg(?:y|ies|ic)\b|\bn\.?k\.?d\.?a\b", re.IGNORECASE)
_SUBSTANCE = re.compile(
    r"\ballerg(?:y|ies|ic)(?:\s+(?:reactions?\s+)?to\b|\s+(?:include|includes|are|is)\b|\s*:)\s*"
    r"(?P<what>[^.;]+)",
    re.IGNORECASE,
)
_BEFORE_ALLERGY = re.compile(r"\b(?P<what>[A-Za-z-]+)\s+allerg(?:y|ies)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:no|not|denies|denied|without|never|negative for|nil)\b|\bn\.?k\.?d\.?a\b", re.IGNORECASE
)
_NO_NAMES = (
    "no known drug drugs medication medications food any the an a has have had his her their of "
    "patient's seasonal environmental none denies to and or with severe new nil"
)
_NO_SUBSTANCE = frozenset(_NO_NAMES.split())

_LINK = r"(?:\s+(?:today|now|currently|reading|is|was|of|at|measured|recorded))*\s*[:,]?\s*"
_PERCENT = r"(?:\s*(?:%|percent|per cent))?"
_VITALS: tuple[tuple[str, str], ...] = (
    (
        r"blood pressure|bp",
        (
            rf"{NUMBER}\s*(?:/|\bover\b|\bby\b)\s*{NUMBER}(?:\s*(?:mm ?hg|millimet(?:er|re)s of "
            rf"mercury))?|\d+\s?/\s?\d+"
        ),
    ),
    (r"heart rate|pulse(?: rate)?|hr", rf"{NUMBER}(?:\s*(?:beats per minute|bpm))?"),
    (r"respiratory rate|respirations?|rr", rf"{NUMBER}(?:\s*breaths per minute)?"),
    (
        r"(?:oxygen|o2) (?:saturations?|sats?)|spo2|sp o2|saturations?",
        rf"{NUMBER}{_PERCENT}(?:\s+on\s+(?:room air|{NUMBER}\s+lit(?:er|re)s?[^,.;]*))?",
    ),
    (
        r"temperature|temp|fever",
        (
            rf"{NUMBER}(?:\s*(?:°\s*[CF]\b|degrees?(?:\s+(?:celsius|fahrenheit|c|f))?\b|"
            rf"(?:celsius|fahrenheit)\b))?"
        ),
    ),
    (r"weight", rf"{NUMBER}\s*(?:kilograms?|kgs?|pounds?|lbs?)?"),
    (r"height", rf"{NUMBER}\s*(?:centimet(?:er|re)s?|cms?|met(?:er|re)s?|feet|inches|ft)?"),
    (r"body mass index|bmi", NUMBER),
)
_VITAL_PATTERNS = tuple(
    re.compile(rf"\b(?P<name>{names}){_LINK}(?P<value>{value})", re.IGNORECASE)
    for names, value in _VITALS
)
_FOLLOW_UP = re.compile(
    r"\bfollow(?:ed)?[\s-]?up\b|\b(?:return|review|recheck|reassess|come back|see you)\b|"
    r"\bsee (?:him|her|them|the patient)\b|\bnext (?:visit|appointment)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    rf"\b(?:in|after|within)\s+(?:about\s+)?{COUNT}(?:\s*(?:to|-|–|or)\s*{NUMBER})?[\s-]+"
    r"(?:days?|weeks?|months?|years?)(?:'s?)?(?:\s+time)?\b|\bnext (?:week|month|year|visit)\b|"
    r"\btomorrow\b|\bon (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bas needed\b|"
    r"\bif [^,.;]+",
    re.IGNORECASE,
)


def allergies_in(sentences: Iterable[str]) -> list[Allergy]:
    """Each sentence that speaks of allergies, with what it names."""
    found = []
    for sentence in sentences:
        spoken = _ALLERGY.search(sentence)
        if spoken:
            denied = bool(_DENIED.search(sentence))
            found.append(Allergy(_substance(sentence), denied, sentence))
    return found


def vitals_in(sentences: Iterable[str]) -> list[Vital]:
    """Each measured sign, in the order said."""
    found = []
    for sentence in sentences:
        matches = [match for pattern in _VITAL_PATTERNS for match in pattern.finditer(sentence)]
        found += [
            Vital(match["name"], match["value"].strip(), sentence)
            for match in sorted(matches, key=lambda match: match.start())
        ]
    return found


def follow_ups_in(sentences: Iterable[str]) -> list[FollowUp]:
    """Each sentence that says when to come again."""
    found = []
    for sentence in sentences:
        spoken = _FOLLOW_UP.search(sentence)
        if spoken:
            when = _WHEN.search(sentence, spoken.start())
            found.append(FollowUp(when.group() if when else "", sentence))
    return found


def _substance(sentence: str) -> str:
    match = _SUBSTANCE.search(sentence) or _BEFORE_ALLERGY.search(sentence)
    if match is None:
        return ""
    what = match["what"].strip(" ,")
    words = {word.lower() for word in what.split()}
    return "" if words <= _NO_SUBSTANCE else what
