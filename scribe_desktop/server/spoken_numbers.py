"""Recognises amounts however they were written down: “20”, “twenty”, “one hundred forty two”.

Amounts are only ever recognised, never converted: a note quotes what was said.
"""

import re

_UNITS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    "fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|"
    "ninety|hundred|thousand|million|half|quarter"
)

_WORDS = (
    rf"(?:{_UNITS})(?:[\s-]+(?:and\s+(?:a\s+)?)?(?:{_UNITS}))*(?:\s+point(?:\s+(?:{_UNITS}))+)?"
)

_DIGITS = r"\d+(?:[.,]\d+)*(?:\s?/\s?\d+(?![\d/]))?"

NUMBER = rf"(?:{_DIGITS}|\b{_WORDS}\b)"
"""A regular expression for one amount, in digits or words; compile without regard to case."""

COUNT = rf"(?:{_DIGITS}|\b{_WORDS}\b|\ba\b|\ban\b|\ba\s+(?:few|couple(?:\s+of)?)\b)"
"""As NUMBER, and also “a”, as in “a week”."""

_AMOUNT_WORD = re.compile(rf"(?:{_UNITS})", re.IGNORECASE)


def is_amount(word: str) -> bool:
    """Whether a word is or holds an amount."""
    return any(letter.isdigit() for letter in word) or bool(_AMOUNT_WORD.fullmatch(word))
