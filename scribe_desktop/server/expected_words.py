"""Puts the clinician's own words where the engine heard something that sounds like them.

An engine that is told which words to expect hears them better, but it also
leaves sentences out, forgets full stops and, at worst, goes on with the list
instead of the speech (“Continualisinopril. Metformin. Milligrams.”). So a
window is heard twice, without the words and with them. The first hearing is
the text; from the second only an expected word is taken, only where both
heard something alike in the same place, and never over a number, a side or a
negation.
"""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from scribe_desktop.server.spoken_numbers import is_amount

LEAST_ALIKE = 0.6
"""“list in april” and “lisinopril” are 0.8 alike, “to own” and “trazodone” 0.4."""

_LONGEST_PLACE = 5
"""Words on either side of a difference that can still be one word misheard."""

_EDGES = ".,;:!?…\"'“”()"
_PROTECTED = frozenset(
    ("no", "not", "none", "never", "without", "denies", "denied", "left", "right", "bilateral")
)


def corrected(plain: str, primed: str, expected: Sequence[str]) -> str:
    """`plain` with the expected words that `primed` heard in the same places."""
    ours, theirs = plain.split(), primed.split()
    spelled = {_key(word): word for phrase in expected for word in phrase.split()}
    phrases = [f" {' '.join(_key(word) for word in phrase.split())} " for phrase in expected]
    matcher = SequenceMatcher(
        None, [_key(word) for word in ours], [_key(word) for word in theirs], autojunk=False
    )
    result: list[str] = []
    for kind, start, end, from_, to in matcher.get_opcodes():
        before, after = ours[start:end], theirs[from_:to]
        if kind == "replace" and _is_mishearing(before, after, phrases):
            words = [spelled.get(_key(word), word.strip(_EDGES)) for word in after]
            result += _in_place_of(before, words, opens=not result or result[-1][-1] in ".!?")
        else:
            result += before
    return " ".join(result)


def _is_mishearing(before: Sequence[str], after: Sequence[str], phrases: Sequence[str]) -> bool:
    if max(len(before), len(after)) > _LONGEST_PLACE:
        return False
    # A full stop inside one of the two tells of two sentences, not of one word.
    if any(word[-1] in ".!?" for side in (before, after) for word, _ in pairwise(side)):
        return False
    keys = [_key(word) for word in after]
    said = f" {' '.join(keys)} "
    if not any(phrase in said for phrase in phrases):
        return False
    if _protected(before) != _protected(after):
        return False
    alike = SequenceMatcher(None, "".join(map(_key, before)), "".join(keys), autojunk=False)
    return alike.ratio() >= LEAST_ALIKE


def _protected(words: Sequence[str]) -> Counter[str]:
    keys = (_key(word) for word in words)
    return Counter(key for key in keys if key in _PROTECTED or is_amount(key))


def _in_place_of(before: Sequence[str], words: list[str], *, opens: bool) -> list[str]:
    """The words with the punctuation and the capital of what they replace."""
    last = before[-1]
    tail = last[len(last.rstrip(_EDGES)) :]
    words = [word for word in words if word]
    words[-1] += tail
    if opens and before[0][:1].isupper():
        words[0] = words[0][:1].upper() + words[0][1:]
    return words


def _key(word: str) -> str:
    return word.strip(_EDGES).casefold()
