"""What no rule about text may touch: numbers, doses, units, sides and negations.

A dictation is read here as the sequence of these words, each in one form
("five milligrams" and "5 mg" are the same, "mg" and "g" are not). It is the
sequence that is compared and not the count: "2 mg in the left, 5 mg in the
right" with the numbers exchanged holds the same words.

Every language's words are protected in every text. A word too many costs a
rule that is refused; a word too few could cost a patient.
"""

import re
from collections.abc import Sequence
from typing import Final

from scribe_desktop.domain.protected_words import (
    DECIMAL_POINTS,
    NEGATIONS,
    NUMBERS,
    SIDES,
    TIMES,
    UNITS,
    UNITS_AFTER_NUMBERS,
)

_DIGITS: Final = r"[\d½¼¾⅓⅔⅛⅜⅝⅞²³]"
_WORD: Final = (
    r"[^\W\d_]+(?:(?:[\u0300-\u036f\u0900-\u0903\u093a-\u094d]|['’](?=[^\W\d_]))[^\W\d_]*)*"
)

# Words first: almost everything is one, and an hour of speech is read while somebody waits.
# A sign belongs to its number only where nothing stands before it: in "5-10"
# and "T4-L1" the same stroke joins, and at the start of a line it makes a list.
_PIECE: Final = re.compile(
    rf"(?P<word>(?![A-Za-z]\.[A-Za-z]\.){_WORD})"
    rf"|(?P<number>(?:(?<![\w)\]])[-−–+]|(?<=\S )[-−–+] )?{_DIGITS}+(?:[.,:/’'×x–-]{_DIGITS}+)*)"
    r"|(?P<dotted>(?<!\w)(?:[A-Za-z]\.){2,}[A-Za-z]?)"
    r"|(?P<per>(?<=[^\W\d_])/(?=[^\W\d_]))"
    r"|(?P<mark>[<>≤≥±≈~×%‰°])"
)
_NEGATED: Final = re.compile(r"n['’]t$")
_SIDES_IN_SHORT: Final = {"L": "left", "R": "right"}
_SPELLED: Final = ("word", "dotted")
_BETWEEN: Final = " \u00a0\u202f-"
_KNOWN: Final = frozenset().union(
    NUMBERS, DECIMAL_POINTS, UNITS, UNITS_AFTER_NUMBERS, TIMES, SIDES, NEGATIONS
)


def protected(text: str) -> tuple[str, ...]:
    """The words of `text` that must stay, in order, each in one form."""
    found: list[str] = []
    number_ends = -1
    for match in _PIECE.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind in _SPELLED:
            word = _spelled(word)
            if word not in _KNOWN and not _NEGATED.search(word):
                # Almost every word of an hour of speech: it must cost little.
                number_ends = -1
                continue
        near = number_ends >= 0 and not text[number_ends : match.start()].strip(_BETWEEN)
        if kind == "number" or word in NUMBERS:
            found.append(word.replace(" ", "") if kind == "number" else NUMBERS[word])
            number_ends = match.end()
        elif near and (unit := UNITS.get(word) or UNITS_AFTER_NUMBERS.get(word)):
            # One token: nothing may come between a number and its unit.
            found[-1] += f" {unit}"
            number_ends = -1
        else:
            found.extend(_plain(word, after_number=near))
            number_ends = -1
    return tuple(found)


def _plain(word: str, *, after_number: bool) -> Sequence[str]:
    if after_number and word in DECIMAL_POINTS:
        return (".",)
    if word in TIMES:
        return TIMES[word]
    for table in (UNITS, SIDES, NEGATIONS):
        if word in table:
            return (table[word],)
    if _NEGATED.search(word):
        return (NEGATIONS["not"],)
    return (word,) if word in "<>≤≥±≈~×/" else ()


def _spelled(word: str) -> str:
    """One form of a word. L and R stand for a side only as capitals; a small l is a litre."""
    return _SIDES_IN_SHORT.get(word) or word.replace(".", "").casefold()


def says_the_same(before: str, after: str) -> bool:
    """Whether every protected word is there as it was, in its order, and none is new."""
    return protected(before) == protected(after)


def says_at_least(before: str, after: str) -> bool:
    """Whether every protected word of `before` is still there, in order, perhaps among others."""
    rest = iter(protected(after))
    return all(word in rest for word in protected(before))
