"""Each of these faults, put into the rules about text, is found by their tests."""

import pytest
from hypothesis import Phase

from tests.domain.text_rules import check_text, text_core

# Not counted, as in `test_mutants.py`.
pytestmark = pytest.mark.no_cover

PROTECTED_MUTANTS = {
    "the order does not matter": (
        "return protected(before) == protected(after)",
        "return sorted(protected(before)) == sorted(protected(after))",
    ),
    "a replacement may add": (
        "return protected(before) == protected(after)",
        "return says_at_least(before, after)",
    ),
    "an auto-text may take away": (
        "return all(word in rest for word in protected(before))",
        "return True",
    ),
    "an auto-text may exchange": (
        "rest = iter(protected(after))",
        "rest = protected(after)",
    ),
    "numbers are free": ('found.append(word.replace(" ", "") if kind', 'found.append("" if kind'),
    "number words are free": ('if kind == "number" or word in NUMBERS:', 'if kind == "number":'),
    "a unit stands alone": ('found[-1] += f" {unit}"', "found.append(unit)"),
    "units are free": ("(UNITS, SIDES, NEGATIONS)", "(SIDES, NEGATIONS)"),
    "sides are free": ("(UNITS, SIDES, NEGATIONS)", "(UNITS, NEGATIONS)"),
    "negations are free": ("(UNITS, SIDES, NEGATIONS)", "(UNITS, SIDES)"),
    "contracted negations are free": ("if _NEGATED.search(word):", "if False:"),
    "how often is free": ("if word in TIMES:", "if False:"),
    "the decimal point is free": (
        "if after_number and word in DECIMAL_POINTS:",
        "if False:",
    ),
    "a sign is free": ("(?:(?<![\\w)\\]])[-−–+]|(?<=\\S )[-−–+] )?", ""),
    "a comparison is free": ('in "<>≤≥±≈~×/" else', "in '' else"),
    "sides in one letter are free": ('"L": "left", "R": "right"', '"X": "left"'),
    "capitals are another word": ('word.replace(".", "").casefold()', 'word.replace(".", "")'),
    "dots make another word": ('word.replace(".", "").casefold()', "word.casefold()"),
    "what is seldom is overlooked": ("TIMES, SIDES, NEGATIONS\n)", "TIMES, SIDES\n)"),
}

TEXT_MUTANTS = {
    "replacements are not looked at": (
        "    if not says_the_same(text, changed):\n        return False\n",
        "",
    ),
    "auto-texts are not looked at": (
        "len(changing) == len(edits) or says_at_least(changed, _applied(text, edits))",
        "True",
    ),
    "auto-texts are held to what replacements are": (
        "[edit for edit in edits if not edit.only_adds]",
        "list(edits)",
    ),
    "one bad rule takes the good ones with it": (
        "    middle = len(edits) // 2\n",
        "    return []\n",
    ),
    "a bad rule takes its neighbours with it": (
        "    for begin, end, own in _pieces(text, edits):\n",
        "    for begin, end, own in [*_pieces(text, edits)][:-1]:\n",
    ),
    "the second half forgets the first": (
        "_halved(text, before + first, edits[middle:])",
        "_halved(text, before, edits[middle:])",
    ),
    "the shortest trigger first": ("-len(rule.words)", "len(rule.words)"),
    "inside words": ("or text[at] not in _TYING", "or True"),
    "half a word": ("a.group().casefold() != b", "a.group().casefold()[:2] != b[:2]"),
    "only as typed": ("a.group().casefold() != b", "a.group() != b"),
    "words need not follow each other": ("if any(gap.strip() for gap in between):", "if False:"),
    "a rule feeds itself": (
        "return Written(_applied(text, kept), left_out)",
        "return Written(_applied(_applied(text, kept), list(_edits(_applied(text, kept), rules))))",
    ),
    "a decimal comma is a comma": (
        "if rule.mark is None or rule.mark.text not in _IN_NUMBERS:",
        "if True:",
    ),
    "line breaks are part of numbers": (
        "or rule.mark.text not in _IN_NUMBERS:",
        "or False:",
    ),
    "the engine's mark stays before": (
        "start = _back_over(text, start, ended, _ENGINE_MARKS + _SPACES)",
        "pass",
    ),
    "the engine's mark stays after": ("end = _on_over(text, end, _ENGINE_MARKS)", "pass"),
    "two marks after an auto-text": ("end += len(text[end : end + 1])", "pass"),
    "two ends of a sentence": (
        '"" if before in _ENDINGS and written in _ENDED else written',
        "written",
    ),
    "pH becomes PH": ("if not found.islower() or (", "if ("),
    "mg becomes Mg": (" or (found in UNITS and len(found) <= _LONGEST_SYMBOL)", ""),
    "no capital after a stop": (
        "begins_sentence = edit.begins_sentence or",
        "begins_sentence = False and",
    ),
    "the date is forgotten": ('.replace("{date}", rules.date)', ""),
    "a replacement may be anything": (
        "if not says_the_same(heard, written):",
        "if False:",
    ),
}

MUTANTS = [
    pytest.param(module, patch, id=name)
    for module, mutants in (("protected", PROTECTED_MUTANTS), ("text", TEXT_MUTANTS))
    for name, patch in mutants.items()
]


@pytest.mark.parametrize(("module", "patch"), MUTANTS)
def test_a_fault_in_the_text_rules_is_found(module: str, patch: tuple[str, str]) -> None:
    mutant = text_core({module: patch})
    with pytest.raises(AssertionError):
        check_text(mutant, examples=100, phases=(Phase.generate,))
