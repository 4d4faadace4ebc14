"""What must be true of text that rules were applied to, for the real rules and for mutants."""

import importlib
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.domain.world import _put_back


class TextCore(NamedTuple):
    """The modules under test."""

    protected: ModuleType
    text: ModuleType


MODULES = ("protected_words", "protected", "spoken_marks", "text")


def text_core(patches: Mapping[str, tuple[str, str]]) -> TextCore:
    """Fresh modules with `patches` (module → old text, new text), in memory only."""
    names = [f"scribe_desktop.domain.{short}" for short in MODULES]
    fresh: dict[str, ModuleType] = {}
    with _put_back(names):
        for short, name in zip(MODULES, names, strict=True):
            real = importlib.import_module(name)
            assert real.__file__ is not None
            with open(real.__file__, encoding="utf-8") as file:  # noqa: PTH123
                source = file.read()
            if short in patches:
                old, new = patches[short]
                assert source.count(old) == 1, f"the mutant of {short} no longer fits: {old!r}"
                source = source.replace(old, new)
            module = ModuleType(name)
            sys.modules[name] = module
            exec(compile(source, f"<mutant of {short}>", "exec"), module.__dict__)  # noqa: S102  our own source
            fresh[short] = module
    return TextCore(fresh["protected"], fresh["text"])


# --- a second opinion on what is protected, made without the module it judges ---

NEGATIONS = ("no", "not", "never", "without", "denies", "kein", "nicht", "sans", "sin", "नहीं")
SIDES = ("left", "right", "bilateral", "links", "rechts", "gauche", "izquierda", "बाएं", "दाहिने")
AMOUNTS = ("5", "50", "0.5", "142/88", "five", "fifty", "zwei", "12,5", "-5", "L4", "B12")
UNITS = ("mg", "µg", "mcg", "ml", "mmol", "units", "Tropfen", "%", "daily", "twice", "bid")
PLAIN = (
    "pain", "fever", "metformin", "metforming", "the", "patient", "takes", "and", "knee", "colon",
    "period", "pH", "comma", "full stop", "new line", "new paragraph", "open bracket",
    "close bracket", "normal heart", "bp", "heart", "Schmerzen", "Komma", "Punkt", "ओर",
)  # fmt: skip
MARKS = (".", ",", "?", ";", "\n", "-", "(", ")", "…", "“")

_SAME = {
    "mcg": "µg", "five": "5", "fifty": "50", "zwei": "2", "tropfen": "drop",
    "links": "left", "gauche": "left", "izquierda": "left", "बाएं": "left", "rechts": "right",
    "दाहिने": "right", "bid": "twice daily", "b12": "12", "l4": "4",
}  # fmt: skip
_PROTECTED = {word.casefold() for word in (*NEGATIONS, *SIDES, *UNITS)} | set(_SAME)
_SEEN = re.compile(r"\d+(?:[.,/]\d+)*|%|[^\s\d.,;:?!()\[\]{}…“”„/-]+")

pieces = st.sampled_from((*NEGATIONS, *SIDES, *AMOUNTS, *UNITS, *PLAIN, *PLAIN, *MARKS))
texts = st.lists(pieces, min_size=1, max_size=24).map(" ".join)
phrases = st.lists(pieces, min_size=1, max_size=3).map(" ".join)
rules = st.lists(st.tuples(phrases, phrases), max_size=6).map(tuple)


def seen(text: str) -> list[str]:
    """Numbers, units, sides and negations in order, found by cutting at spaces and marks."""
    found = [word.casefold() for word in _SEEN.findall(text)]
    kept = (_SAME.get(w, w) for w in found if w[0].isdigit() or w in _PROTECTED)
    return " ".join(kept).split()


def is_within(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(word in rest for word in few)


def check_text(core: TextCore, *, examples: int = 400, phases: tuple[Phase, ...]) -> None:
    """All that is promised; raises AssertionError."""
    check_examples(core)

    @settings(max_examples=examples, phases=phases, deadline=None, database=None)
    @given(texts, rules)
    def a_replacement_changes_no_dose_side_or_negation(
        text: str, pairs: tuple[tuple[str, str], ...]
    ) -> None:
        made = core.text.TextRules(replacements=pairs, languages=("en", "de"))
        assert seen(core.text.write_out(text, made).text) == seen(text)

    @settings(max_examples=examples, phases=phases, deadline=None, database=None)
    @given(texts, rules)
    def an_auto_text_only_adds(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
        made = core.text.TextRules(auto_texts=pairs, languages=("en", "de"))
        assert is_within(seen(text), seen(core.text.write_out(text, made).text))

    a_replacement_changes_no_dose_side_or_negation()
    an_auto_text_only_adds()


def check_examples(core: TextCore) -> None:
    rules = core.text.TextRules(
        auto_texts=(
            ("heart", "Heart not examined."),
            ("chest", "Chest not examined."),
            ("chest clear", "Vesicular breathing."),
            ("normal heart", "Heart sounds normal, no murmurs.\nRate [ ] per minute."),
            ("today", "{date} {time}"),
        ),
        replacements=(
            ("metforming", "metformin"),
            ("milligrams", "mg"),
            ("not", "now"),
            ("five", "fifty"),
            ("left", "right"),
            ("mg", "g"),
            ("in the", "in the normal heart"),
            ("hyphen", "-"),
            ("period", "."),
        ),
        languages=("en-IN",),
        date="2026-11-21",
        time="09:30",
    )
    for heard, wanted in EXAMPLES.items():
        written = core.text.write_out(heard, rules).text
        assert written == wanted, f"{heard!r} became {written!r}"
    german = core.text.TextRules(languages=("de",))
    for heard, wanted in GERMAN.items():
        written = core.text.write_out(heard, german).text
        assert written == wanted, f"{heard!r} became {written!r}"
    between = core.text.TextRules(auto_texts=(("and", "and 10 mg of it, or"), ("of", "of 7")))
    assert (
        core.text.write_out("5 of mg and 5 mg", between).text == "5 of mg and 10 mg of it, or 5 mg"
    )
    for before, after in ALTERED:
        assert not core.protected.says_the_same(before, after), (before, after)
        assert core.text.refusal_of_replacement(before, after)
    assert not core.protected.says_at_least("2 then 5", "5 then 2")
    for before, after in UNALTERED:
        assert core.protected.says_the_same(before, after), (before, after)
        assert not core.text.refusal_of_replacement(before, after)


EXAMPLES = {
    # spoken marks take the place of the engine's own
    "Pain comma fever full stop the patient is well": "Pain, fever. The patient is well",
    "Pain, comma, fever. Full stop. He is fine.": "Pain, fever. He is fine.",
    "Really? question mark yes": "Really? Yes",
    "one new line two new paragraph three": "one\nTwo\n\nThree",
    "he has open bracket mild close bracket pain": "he has (mild) pain",
    "new line new line hi": "\n\nHi",
    "full stop pH 7": ". pH 7",
    "full stop mg": ". mg",
    # never inside a word, nor inside a number that is being said
    "comma-shaped and five comma five and 2 comma 5": (
        "comma-shaped and five comma five and 2 comma 5"
    ),
    "the colon is normal": "the colon is normal",
    # the longest trigger, once, without recursion
    "normal heart": "Heart sounds normal, no murmurs.\nRate [ ] per minute.",
    "normal heart full stop next": ("Heart sounds normal, no murmurs.\nRate [ ] per minute. Next"),
    "Normal heart. Next": "Heart sounds normal, no murmurs.\nRate [ ] per minute. Next",
    "heart": "Heart not examined.",
    "in the knee": "in the normal heart knee",
    "sweetheart": "sweetheart",
    "the chest clear": "the Vesicular breathing.",
    "normal, heart": "normal, Heart not examined.",
    "normal hearing": "normal hearing",
    "normalised heart": "normalised Heart not examined.",
    "meta metformin": "meta metformin",
    "today": "2026-11-21 09:30",
    # what was said stays, and the good rules beside the bad ones work
    "not five milligrams of metforming in his left knee period": (
        "not five mg of metformin in his left knee."
    ),
    "it is hyphen 5 degrees": "it is hyphen 5 degrees",
    "a hyphen b": "a - b",
    # two rules that are harmless alone and not together
    "5 hyphen hyphen mg": "5 - hyphen mg",
}

GERMAN = {
    "null Komma fünf Milligramm Punkt neue Zeile keine Schmerzen Komma Husten": (
        "null Komma fünf Milligramm.\nKeine Schmerzen, Husten"
    ),
    "Druckpunkt": "Druckpunkt",
    "Klammer auf links Klammer zu Punkt": "(links).",
}

ALTERED = (
    ("5 mg", "50 mg"),
    ("5 mg", "5 g"),
    ("five", "fifty"),
    ("left", "right"),
    ("links", "rechts"),
    ("no pain", "pain"),
    ("doesn't", "does"),
    ("not", "now"),
    ("bid", "daily"),
    ("twice daily", "daily"),
    ("-5", "5"),
    ("142/88", "142"),
    ("2 then 5", "5 then 2"),
    ("L4", "L5"),
    ("two point five", "two five"),
    ("नहीं", "है"),
    ("बाएं", "दाएं"),
    ("R knee", "L knee"),
    ("< 5", "> 5"),
)

UNALTERED = (
    ("five milligrams", "5 mg"),
    ("mcg", "µg"),
    ("b.i.d.", "twice daily"),
    ("R knee", "right knee"),
    ("cannot", "can't"),
    ("metforming", "metformin"),
    ("vitamin b 12", "vitamin B12"),
    ("denied", "denies"),
)
