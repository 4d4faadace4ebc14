"""Finds the medicines in a dictation: name, dose, route, frequency, duration.

Every value is a piece of the sentence it stands in, word for word, and comes
with that sentence; what was not said stays empty. A medicine that was stopped
or refused carries the word that says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from scribe_desktop.server.spoken_numbers import COUNT, NUMBER
from scribe_desktop.server.vocabulary import word_pack


@dataclass(frozen=True, slots=True)
class Medication:
    """One medicine as it was spoken of.

    `action` is the order or negation before it (“Continue”, “Stop”, “not
    taking”); `listed` is False when the name is not in the list of medicines
    and so may have been misheard.
    """

    name: str
    dose: str
    route: str
    frequency: str
    duration: str
    action: str
    listed: bool
    sentence: str


_MASS = (
    r"(?:milligrams?|mgs?|micrograms?|mcgs?|µg|μg|grams?|gm?s?|millilit(?:er|re)s?|mls?|"
    r"(?:international\s+)?units?|i\.?u\.?|milliequivalents?|meq|tablets?|tabs?|capsules?|caps?|"
    r"puffs?|drops?|sprays?|patch(?:es)?|ampoules?|vials?|sachets?|teaspoons?|percent|%)"
)
_PER = r"(?:\s*(?:/|\bper\b)\s*(?:kilograms?|kgs?|doses?|days?|hours?|minutes?|min|hr|h|d)\b)*"
_DOSE = re.compile(
    rf"(?:from\s+{NUMBER}(?:\s*{_MASS})?\s+to\s+)?{NUMBER}(?:\s*(?:to|-|–|or)\s*{NUMBER})?"
    rf"[\s-]*{_MASS}(?![\w/]){_PER}(?!\s*(?:/|\bper\b)\s*(?:deci)?(?:l|lit(?:er|re)|dl)\b)",
    re.IGNORECASE,
)
_ROUTE = re.compile(
    r"\b(?:by mouth|orally|oral|per os|(?:p\.?o|i\.?v|i\.?m|s\.?c)\b\.?|intravenous(?:ly)?|"
    r"intramuscular(?:ly)?|subcutaneous(?:ly)?|sub-?q|"
    r"sublingual(?:ly)?|topical(?:ly)?|rectal(?:ly)?|per rectum|vaginal(?:ly)?|transdermal(?:ly)?|"
    r"intranasal(?:ly)?|inhaled|by inhalation|inhalers?|nebuli[sz](?:ers?|ed|ation)|"
    r"(?:eye|ear|nasal) (?:drops?|spray)|in (?:the )?(?:left|right|each|both) (?:eyes?|ears?|"
    r"nostrils?)|via (?:feeding )?tube)",
    re.IGNORECASE,
)
_TIMES = rf"(?:{NUMBER}|once|twice|thrice)"
_ONE_FREQUENCY = (
    rf"(?:in\s+)?(?:divided\s+)?(?:"
    rf"(?:once|twice|thrice|{NUMBER}\s+times?)\s*(?:(?:a|per|each|every)\s+(?:day|week|month|night)|"
    rf"daily|weekly|monthly|nightly)|(?:once|twice|thrice)(?!\s+(?:before|ago))|"
    rf"every\s+(?:other\s+)?(?:{NUMBER}(?:\s*(?:to|-|–)\s*{NUMBER})?\s+)?(?:hours?|days?|weeks?|"
    rf"months?|mornings?|evenings?|nights?|minutes?)|every\s+(?:second|third)\s+day|"
    rf"daily|nightly|weekly|monthly|hourly|"
    rf"(?:at|before)\s+(?:bedtime|bed|night|noon)|in\s+the\s+(?:morning|evening|afternoon)|"
    rf"(?:before|after|with)\s+(?:meals?|food|breakfast|lunch|dinner)|"
    rf"b\.i\.d\.|t\.i\.d\.|q\.i\.d\.|q\.d\.|q\.h\.s\.|o\.d\.|p\.r\.n\.|bid|tid|qid|qd|qhs|od|prn|"
    rf"q\s?\d+\s?h(?:ours?)?|"
    rf"(?:as|when|if)\s+(?:needed|required)|stat|on\s+day\s+{NUMBER}|"
    rf"immediately|\d-\d-\d"
    rf")(?!\w)"
)
_FREQUENCY = re.compile(
    rf"(?<!\w){_ONE_FREQUENCY}(?:,?\s+(?:and\s+)?{_ONE_FREQUENCY})*", re.IGNORECASE
)
_DURATION = re.compile(
    rf"(?:\b(?:for|over|during)\s+(?:the\s+)?(?:next\s+|another\s+|a\s+total\s+of\s+)?|[x×]\s*)"
    rf"{COUNT}(?:\s*(?:to|-|–)\s*{NUMBER})?[\s-]+(?:more\s+)?(?:days?|weeks?|months?|years?|doses?)\b|"
    rf"\b(?:until|till)\s+[^,.;]+|\b(?:indefinitely|lifelong|long[\s-]term)\b",
    re.IGNORECASE,
)
_NEGATION = (
    r"not (?:currently )?(?:taking|on|using|started on|tolerating|given)|no longer (?:taking|on)|"
    r"(?:denies|denied) (?:taking|using|use of)|never (?:taken|took|used)|(?:was |were )?"
    r"(?:stopped|discontinued)|without|(?:do|did|does) not (?:take|start|give|use)|off"
)
_ACTION = re.compile(
    rf"(?<!\w)(?:{_NEGATION}|start(?:ed|ing)?|begin|commenced?|initiated?|continu(?:e|ed|ing)|"
    r"increased?|decreased?|reduced?|stop|discontinue|cease|switch(?:ed)?(?: to| from)?|"
    r"changed?(?: to| from)?|prescribed?|give|given|administered?|add(?:ed)?|hold|held|withhold|"
    r"resumed?|restart(?:ed)?|taper(?:ed)?|titrated?|apply|avoid(?:ed)?|takes?|taking|currently on|"
    r"is on|was on|uses|refill)(?!\w)",
    re.IGNORECASE,
)
_ACTION_AFTER = re.compile(
    r"\s*(?:(?:was|were|is|has been|have been|will be|should be)\s+)?(?P<action>(?:not )?(?:"
    r"increased|decreased|reduced|changed|stopped|discontinued|held|given|continued|started|"
    r"restarted|resumed))\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?<!\w)(?P<action>no|not|never|nor|rather than|instead of|except)\s+(?:on\s+|any\s+)?$",
    re.IGNORECASE,
)
_ONLY_JOINS = re.compile(r"[\s,]*(?:(?:and|with|plus|or)\b[\s,]*)?(?:both\b\s*)?", re.IGNORECASE)
_DOSE_BEFORE = re.compile(
    rf"{_DOSE.pattern}\s+(?:of\s+)?(?:oral\s+|intravenous\s+)?$", re.IGNORECASE
)
_ALLERGY = re.compile(r"\ballerg|\bintoleran|\banaphyla", re.IGNORECASE)
_FILLER = re.compile(
    r"^(?:(?:him|her|them|the patient|patient|on|to|with|taking|a|an|the)\s+)+", re.IGNORECASE
)
_LONGEST_NAME = 4
"""Words between an order and a dose that can still be one medicine's name."""


def medications_in(sentences: Iterable[str]) -> list[Medication]:
    """Every medicine spoken of, in order. An allergy to one is not a medicine taken."""
    return [
        found
        for sentence in sentences
        if not _ALLERGY.search(sentence)
        for found in _in_sentence(sentence)
    ]


def _in_sentence(sentence: str) -> list[Medication]:
    names = [(match.start(), match.end()) for match in _names().finditer(sentence)]
    if not names:
        unlisted = _unlisted(sentence)
        return [unlisted] if unlisted else []
    # A dose said before its name (“20 milligrams of lisinopril”) belongs to that name.
    starts = [_begins(sentence, start) for start, _ in names]
    ends = [*starts[1:], len(sentence)]
    found: list[Medication] = []
    shared = ""
    for (start, end), begin, stop in reversed(list(zip(names, starts, ends, strict=True))):
        after = sentence[end:stop]
        if not _ONLY_JOINS.fullmatch(after):
            shared = after
        before = sentence[:begin]
        said = sentence[begin:start] + shared
        found.append(_medication(sentence[start:end], said, before, sentence, listed=True))
    return found[::-1]


def _unlisted(sentence: str) -> Medication | None:
    """A name that no list has, as only an order or a frequency around a dose can show."""
    dose = _DOSE.search(sentence)
    if dose is None or not _FREQUENCY.search(sentence, dose.end()):
        return None
    actions = list(_ACTION.finditer(sentence, 0, dose.start()))
    action = actions[-1] if actions else None
    between = sentence[action.end() if action else 0 : dose.start()]
    name = _FILLER.sub("", between.strip(" ,;:"))
    name = re.sub(r"\s+(?:at|to|from|by|of|is|was)$", "", name)
    if not 0 < len(name.split()) <= _LONGEST_NAME:
        return None
    before = sentence[: action.end()] if action else ""
    return _medication(name, sentence[dose.start() :], before, sentence, listed=False)


def _medication(name: str, said: str, before: str, sentence: str, *, listed: bool) -> Medication:
    return Medication(
        name,
        _quoted(_DOSE, said),
        _quoted(_ROUTE, said),
        _quoted(_FREQUENCY, said),
        _quoted(_DURATION, said),
        _action(before, said),
        listed,
        sentence,
    )


def _action(before: str, after: str) -> str:
    """The order or negation that governs a name: right after it, right before, or the last one."""
    afterwards = _ACTION_AFTER.match(after)
    if afterwards:
        return afterwards["action"]
    refused = _REFUSED.search(before)
    if refused:
        return refused["action"]
    actions = list(_ACTION.finditer(before))
    return actions[-1].group() if actions else ""


def _begins(sentence: str, start: int) -> int:
    dose = _DOSE_BEFORE.search(sentence, 0, start)
    return dose.start() if dose else start


def _quoted(pattern: re.Pattern[str], said: str) -> str:
    match = pattern.search(said)
    return match.group().strip() if match else ""


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    # The longest name first, or “insulin glargine” would be found as “insulin”.
    names = sorted(word_pack("medicines"), key=len, reverse=True)
    words = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
