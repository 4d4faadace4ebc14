"""Joins what was heard window by window into running text, and finds its sentences.

No word is ever added, dropped or respelled here: only the white space
between words, a full stop that stands in the middle of a sentence because the
speaker paused there, and the capital that follows such a pause.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

# Words that begin with a capital only because a window began with them. Names,
# drugs and abbreviations are not in the list, so none can lose its capital.
_SMALL = (
    "a an and as at but by for from had has he her his if in is it its no not of on or she so "
    "that the their then there they this to was we were when which while who with you"
)
_SMALL_WORDS = frozenset(_SMALL.split())

_ENDS_SENTENCE = (".", "!", "?", "。", "؟", "।")
_ELLIPSIS = re.compile(r"\s*(?:\.{2,}|…)$")

# A full stop ends a sentence when white space and something that can begin one follow.
# Greedy closing quotes and brackets belong to the sentence they close.
_BOUNDARY = re.compile(r"""[.!?]+["'”’)\]]*\s+|[。؟।]\s*|\n+""")
_ABBREVIATION = re.compile(
    r"""(?:^|[\s("'])(?:
        Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|vs|approx|no|No|dept|
        mg|ml|kg|mcg|tab|tabs|cap|caps|inj|susp|temp|
        e\.g|i\.e|etc|
        [a-z](?:\.[a-z])+|   # b.i.d., p.o., q.h.s.
        [A-Z]
    )\.$""",
    re.VERBOSE,
)


def join(texts: Iterable[str]) -> str:
    """One running text out of neighbours in time."""
    pieces = [text.strip() for text in texts if text.strip()]
    joined = pieces[0] if pieces else ""
    for _, text in pairwise(pieces):
        joined = _joined(joined, text)
    return joined


def split(text: str) -> list[str]:
    """The sentences of `text`, stripped; joined by spaces they hold all of its words in order."""
    sentences: list[str] = []
    begin = 0
    for match in _BOUNDARY.finditer(text):
        if "\n" not in match.group() and not _is_end(text[begin : match.end()], text, match.end()):
            continue
        sentences.append(text[begin : match.end()].strip())
        begin = match.end()
    sentences.append(text[begin:].strip())
    return [sentence for sentence in sentences if sentence]


def _joined(before: str, after: str) -> str:
    # The engine writes dots where the sound stops in mid-sentence.
    trailing_off = _ELLIPSIS.search(before)
    if trailing_off:
        before = before[: trailing_off.start()]
    if after[0].islower() and before.endswith(".") and not _ABBREVIATION.search(before):
        before = before[:-1]
    first = re.match(r"[A-Za-z]+", after)
    ended = before.endswith(_ENDS_SENTENCE)
    if first and not ended and first.group().lower() in _SMALL_WORDS and first.group() != "A":
        after = first.group().lower() + after[first.end() :]
    return f"{before} {after}"


def _is_end(sentence: str, text: str, end: int) -> bool:
    if end == len(text):
        return True
    stripped = sentence.rstrip()
    if stripped.endswith(".") and _ABBREVIATION.search(stripped):
        return False
    # "approx. two hours": a small letter goes on with the same sentence.
    return not text[end].islower()
