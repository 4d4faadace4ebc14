"""What no rule about text may touch: numbers, doses, units, sides and negations.

A dictation is read here as the sequence of these words, each in one form
("five milligrams" and "5 mg" are the same, "mg" and "g" are not). It is the
sequence that is compared and not the count: "2 mg in the left, 5 mg in the
right" with the numbers exchanged holds the same words.

Every language's words are protected in every text. A word too many costs a
rule that is refused; a word too few could cost a patient.
"""

import re
from collections.abc import Iterator, Sequence
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
_WORD: Final = r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0903\u093a-\u094d]|['’](?=[^\W\d_]))*"

# A sign belongs to its number only where nothing stands before it: in "5-10"
# and "T4-L1" the same stroke joins, and at the start of a line it makes a list.
_PIECE: Final = re.compile(
    rf"(?P<number>(?:(?<![\w)\]])[-−–+]|(?<=\S )[-−–+] )?{_DIGITS}+(?:[.,:/’'×x–-]{_DIGITS}+)*)"
    r"|(?P<dotted>(?<!\w)(?:[A-Za-z]\.){2,}[A-Za-z]?)"
    r"|(?P<per>(?<=[^\W\d_])/(?=[^\W\d_]))"
    rf"|(?P<word>{_WORD})"
    r"|(?P<mark>[<>≤≥±≈~×%‰°])"
)
_NEGATED: Final = re.compile(r"n['’]t$")


def protected(text: str) -> tuple[str, ...]:
    """The words of `text` that must stay, in order, each in one form."""
    found: list[str] = []
    number_ends = -1
    for kind, start, end, word in _words(text):
        near = number_ends >= 0 and text[number_ends:start].strip(" \u00a0\u202f-") == ""
        if kind == "number" or word in NUMBERS:
            found.append(word.replace(" ", "") if kind == "number" else NUMBERS[word])
            number_ends = end
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


def _words(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Kind, place and one form of every piece that might be protected."""
    for match in _PIECE.finditer(text):
        kind, word = match.lastgroup or "", match.group()
        if kind == "dotted":
            word = word.replace(".", "")
        if kind in ("word", "dotted"):
            word = _side(word) or word.casefold()
        yield kind, match.start(), match.end(), word


def _side(word: str) -> str:
    """L and R stand for a side only as capitals; a small l is a litre."""
    return {"L": "left", "R": "right"}.get(word, "")


def says_the_same(before: str, after: str) -> bool:
    """Whether every protected word is there as it was, in its order, and none is new."""
    return protected(before) == protected(after)


def says_at_least(before: str, after: str) -> bool:
    """Whether every protected word of `before` is still there, in order, perhaps among others."""
    rest = iter(protected(after))
    return all(word in rest for word in protected(before))
