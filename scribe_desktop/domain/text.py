"""Writes what was said the way the clinician wants to read it.

Auto-texts, replacements and spoken marks, in one pass over the text, the
longest trigger first, at word boundaries. What was written is never looked at again:
a rule cannot feed itself. The engine sets marks of its own, so a spoken mark
takes the place of those beside it and never stands beside them.

No rule may change what was said. A replacement keeps every number, dose,
unit, side and negation as it was, an auto-text may only add to them, and an
occurrence where that would not hold is left as it was heard.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from scribe_desktop.domain.protected import protected, says_at_least, says_the_same
from scribe_desktop.domain.protected_words import NUMBERS, UNITS
from scribe_desktop.domain.spoken_marks import Joins, Mark, mark_written_as, marks_of

FIELD: Final = re.compile(r"\[[^\[\]\n]{0,60}\](?!\()")
"""A place in an auto-text that is still to be filled: `[ ]`, `[side]`."""

_WORD: Final = re.compile(r"[^\s!-&(-/:-@\[-`{-~¡«·»¿।॥\u2000-\u2018\u201a-\u206f\u3000-\u303f]+")
_TWO_WORDS: Final = re.compile(r"(?<=\s)([^\W\d_]{3,}\s)[^\W\d_]{3,}\s")
_ENGINE_MARKS: Final = ",.;:"
_SPACES: Final = " \t\u00a0"
_TYING: Final = "-‐‑–'’_/.,:@#\\+*"
_ENDINGS: Final = (".", "?", "!", "…")
_ENDED: Final = (".", ",", "?", "!")
_IN_NUMBERS: Final = (",", ".", ":")
_LONGEST_SYMBOL: Final = 4
_LONG: Final = 2_000
_LINES_KEPT: Final = 2_048
_TEXTS_KEPT: Final = 32
"""How many are remembered as written: the open dictation is drawn again and again.

The many lines of a note must not push the one transcript out that takes long.
"""


@dataclass(frozen=True, slots=True)
class TextRules:
    """The rules in force for one dictation. Triggers and texts as the clinician typed them."""

    auto_texts: tuple[tuple[str, str], ...] = ()
    replacements: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    """Whose spoken marks are obeyed; none when they are switched off."""
    date: str = ""
    time: str = ""
    """What `{date}` and `{time}` in an auto-text become."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.auto_texts or self.replacements or self.languages)


@dataclass(frozen=True, slots=True)
class Written:
    """The text as it is to be read, and what was heard where a rule had to be left out."""

    text: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    words: tuple[str, ...]
    text: str
    mark: Mark | None = None
    only_adds: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str
    heard: str
    only_adds: bool
    begins_sentence: bool = False


def words_of(trigger: str) -> tuple[str, ...]:
    """The words of a trigger as they are compared."""
    return tuple(match.group().casefold() for match in _WORD.finditer(trigger))


def refusal_of_replacement(heard: str, written: str) -> str:
    """Why a replacement cannot be kept, as a sentence; empty if it can."""
    if not words_of(heard):
        return "A replacement needs at least one word that is heard."
    if not says_the_same(heard, written):
        return (
            f"“{heard}” cannot become “{written}”: a number, dose, unit, side or negation"
            " would no longer be what was said."
        )
    return ""


def refusal_of_auto_text(trigger: str, text: str) -> str:
    """Why an auto-text cannot be kept, as a sentence; empty if it can."""
    if not words_of(trigger):
        return "An auto-text needs at least one word that is said."
    if not says_at_least(trigger, text):
        return (
            f"“{trigger}” cannot be a trigger: it holds a number, dose, unit, side or negation"
            " that its text does not repeat."
        )
    return ""


def fields(text: str) -> list[tuple[int, int]]:
    """Where the fields of a text begin and end, in order."""
    return [match.span() for match in FIELD.finditer(text)]


def write_out(text: str, rules: TextRules) -> Written:
    """Apply the rules to what was heard."""
    if rules.is_empty or not text:
        return Written(text)
    return _long_text(text, rules) if len(text) > _LONG else _line(text, rules)


@lru_cache(maxsize=_LINES_KEPT)
def _line(text: str, rules: TextRules) -> Written:
    return _written_out(text, rules)


@lru_cache(maxsize=_TEXTS_KEPT)
def _long_text(text: str, rules: TextRules) -> Written:
    return _written_out(text, rules)


def _written_out(text: str, rules: TextRules) -> Written:
    edits = list(_edits(text, rules))
    kept = _harmless(text, edits)
    left = set(edits).difference(kept)
    left_out = tuple(dict.fromkeys(edit.heard for edit in edits if edit in left))
    return Written(_applied(text, kept), left_out)


def _harmless(text: str, edits: list[_Edit]) -> list[_Edit]:
    """Those that change nothing protected: almost always all of them.

    If not all, each is looked for where it stands and not in an hour of speech.
    What is kept is then judged as a whole, as if nobody had looked at pieces.
    """
    if not edits or _is_harmless(text, edits):
        return edits
    kept: list[_Edit] = []
    for begin, end, own in _pieces(text, edits):
        moved = [replace(edit, start=edit.start - begin, end=edit.end - begin) for edit in own]
        harmless = set(_halved(text[begin:end], [], moved))
        kept += [edit for edit, here in zip(own, moved, strict=True) if here in harmless]
    return kept if _is_harmless(text, kept) else _halved(text, [], edits)


def _pieces(text: str, edits: Sequence[_Edit]) -> Iterator[tuple[int, int, list[_Edit]]]:
    """The text in pieces that say nothing to each other, with the edits of each."""
    begin, own = 0, [edits[0]]
    for before, edit in itertools.pairwise(edits):
        place = _cut_between(text, before.end, edit.start)
        if place is not None:
            yield begin, place, own
            begin, own = place, []
        own.append(edit)
    yield begin, len(text), own


def _cut_between(text: str, begin: int, end: int) -> int | None:
    """A place between two words that are no part of a number, dose, side or negation."""
    for found in _TWO_WORDS.finditer(text, begin, end):
        if not protected(found.group()):
            return found.end(1)
    return None


def _halved(text: str, before: list[_Edit], edits: list[_Edit]) -> list[_Edit]:
    if not edits or _is_harmless(text, before + edits):
        return edits
    if len(edits) == 1:
        return []
    middle = len(edits) // 2
    first = _halved(text, before, edits[:middle])
    return first + _halved(text, before + first, edits[middle:])


def _is_harmless(text: str, edits: Sequence[_Edit]) -> bool:
    changing = [edit for edit in edits if not edit.only_adds]
    changed = _applied(text, changing)
    if not says_the_same(text, changed):
        return False
    return len(changing) == len(edits) or says_at_least(changed, _applied(text, edits))


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    parts: list[str] = []
    at, begins_sentence = 0, False
    for edit in edits:
        # What an edit takes beside its trigger may have been taken by the one before.
        between = text[at : max(edit.start, at)]
        parts += [_with_capital(between) if begins_sentence else between, edit.text]
        begins_sentence = edit.begins_sentence or (begins_sentence and not between.strip())
        at = edit.end
    return "".join([*parts, _with_capital(text[at:]) if begins_sentence else text[at:]])


def _with_capital(text: str) -> str:
    """Begin a sentence, unless a capital could mean something else: pH, mg."""
    word = _WORD.search(text)
    if word is None or text[: word.start()].strip():
        return text
    found = word.group()
    if not found.islower() or (found in UNITS and len(found) <= _LONGEST_SYMBOL):
        return text
    return text[: word.start()] + text[word.start()].upper() + text[word.start() + 1 :]


def _edits(text: str, rules: TextRules) -> Iterator[_Edit]:
    index = _index(rules)
    words = list(_WORD.finditer(text))
    number, before = 0, _Edit(0, 0, "", "", only_adds=False)
    while number < len(words):
        rule, last = _rule_at(text, words, number, index)
        if rule is not None and not _is_in_number(words, number, last, rule):
            before = _edit(text, words[number].start(), words[last].end(), before, rule)
            yield before
        number = last + 1


def _rule_at(
    text: str,
    words: Sequence[re.Match[str]],
    number: int,
    index: dict[str, tuple[_Rule, ...]],
) -> tuple[_Rule | None, int]:
    for rule in index.get(words[number].group().casefold(), ()):
        last = number + len(rule.words) - 1
        if last < len(words) and _is_said(text, words[number : last + 1], rule):
            return rule, last
    return None, number


def _is_said(text: str, said: Sequence[re.Match[str]], rule: _Rule) -> bool:
    if any(a.group().casefold() != b for a, b in zip(said, rule.words, strict=True)):
        return False
    between = (text[a.end() : b.start()] for a, b in itertools.pairwise(said))
    if any(gap.strip() for gap in between):
        return False
    return not (_is_joined(text, said[0].start() - 1, -1) or _is_joined(text, said[-1].end(), 1))


def _is_joined(text: str, at: int, step: int) -> bool:
    """Whether a stroke ties the trigger to another word or number there: “comma-shaped”, “2.5”."""
    if not 0 <= at < len(text) or text[at] not in _TYING:
        return False
    beyond = at + step
    return 0 <= beyond < len(text) and text[beyond].isalnum()


def _is_in_number(words: Sequence[re.Match[str]], first: int, last: int, rule: _Rule) -> bool:
    """Whether a mark is part of a number that is being said: “null Komma fünf”."""
    if rule.mark is None or rule.mark.text not in _IN_NUMBERS:
        return False
    if first == 0 or last + 1 == len(words):
        return False
    return all(_is_number(words[place].group()) for place in (first - 1, last + 1))


def _is_number(word: str) -> bool:
    return word.casefold() in NUMBERS or any(letter.isnumeric() for letter in word)


def _edit(text: str, start: int, end: int, before: _Edit, rule: _Rule) -> _Edit:
    heard = text[start:end]
    if rule.mark is not None:
        return _mark_edit(text, start, end, before, rule.mark)
    if rule.text[-1:] in (".", "?", "!", ":", "\n") and text[end : end + 1] in _ENGINE_MARKS:
        end += len(text[end : end + 1])
    return _Edit(start, end, rule.text, heard, only_adds=rule.only_adds)


def _mark_edit(text: str, start: int, end: int, last: _Edit, mark: Mark) -> _Edit:
    heard, written, ended = text[start:end], mark.text, last.end
    start = _back_over(text, start, ended, _SPACES)
    if mark.joins is Joins.BREAK:
        start = _back_over(text, start, ended, ",")
    else:
        start = _back_over(text, start, ended, _ENGINE_MARKS + _SPACES)
    # What was written just before counts as well: an auto-text brings its own full stop.
    before = text[start - 1 : start] if start > ended else last.text[-1:]
    if mark.joins is Joins.BEFORE:
        end = _on_over(text, end, _ENGINE_MARKS)
        written = "" if before in _ENDINGS and written in _ENDED else written
    else:
        end = _on_over(text, end, _ENGINE_MARKS + _SPACES)
    if mark.joins is Joins.AFTER and before and not before.isspace():
        written = f" {written}"
    return _Edit(start, end, written, heard, only_adds=False, begins_sentence=mark.begins_sentence)


def _back_over(text: str, at: int, least: int, characters: str) -> int:
    while at > least and text[at - 1] in characters:
        at -= 1
    return at


def _on_over(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


@lru_cache(maxsize=4)
def _index(rules: TextRules) -> dict[str, tuple[_Rule, ...]]:
    """Rules by their first word, the longest first; what the clinician wrote goes before ours."""
    found: dict[str, list[_Rule]] = {}
    for rule in _rules(rules):
        if rule.words:
            found.setdefault(rule.words[0], []).append(rule)
    return {
        word: tuple(sorted(same, key=lambda rule: -len(rule.words))) for word, same in found.items()
    }


def _rules(rules: TextRules) -> Iterator[_Rule]:
    for trigger, text in rules.auto_texts:
        filled = text.replace("{date}", rules.date).replace("{time}", rules.time)
        yield _Rule(words_of(trigger), filled, only_adds=True)
    for heard, written in rules.replacements:
        yield _Rule(words_of(heard), written, mark_written_as(written))
    for said, mark in marks_of(rules.languages).items():
        yield _Rule(words_of(said), mark.text, mark)
