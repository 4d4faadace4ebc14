"""Word error rate after one normaliser, the same for every engine and every line.

Case and punctuation do not count, and a number counts the same in digits and
in words: “142/88” and “one hundred forty two over eighty eight” are equal.
"""

import re
from collections.abc import Iterable

import jiwer

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = {
    "1st": "first",
    "2nd": "second",
    "3rd": "third",
    "4th": "fourth",
    "5th": "fifth",
    "6th": "sixth",
    "7th": "seventh",
    "8th": "eighth",
    "9th": "ninth",
    "10th": "tenth",
}
_UNITS = {"mg": "milligrams", "mcg": "micrograms", "ml": "milliliters", "%": "percent"}


def in_words(number: int) -> str:
    """A number below a million as it is spoken; years of the last millennium in pairs."""
    if number < len(_ONES):
        return _ONES[number]
    if number < 100:  # noqa: PLR2004
        return " ".join([_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])])
    if number < 1000:  # noqa: PLR2004
        return f"{_ONES[number // 100]} hundred{_rest(number % 100)}"
    if 1100 <= number < 2000 and number % 100:  # noqa: PLR2004
        return in_words(number // 100) + _rest(number % 100)
    return f"{in_words(number // 1000)} thousand{_rest(number % 1000)}"


def _rest(number: int) -> str:
    return f" {in_words(number)}" if number else ""


def normalised(text: str) -> str:
    """Lower case, no punctuation, numbers and common units in words."""
    text = text.lower().replace("’", "'").replace("-", " ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d)\s*/\s*(\d)", r"\1 over \2", text)
    text = re.sub(r"(\d)\.(\d)", r"\1 point \2", text)
    text = re.sub(r"(\d)(mg|mcg|ml)\b", r"\1 \2", text)
    words = []
    for word in re.findall(r"\d+(?:st|nd|rd|th)\b|\d+|%|[^\W\d_]+(?:'[^\W\d_]+)?", text):
        if word.isdigit() and len(word) < 7:  # noqa: PLR2004
            words.append(in_words(int(word)))
        else:
            words.append(_ORDINALS.get(word, _UNITS.get(word, word)))
    return " ".join(words)


def pooled_word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Errors over reference words of all (reference, heard) pairs together, 0 to 1 and more."""
    references, heard = zip(*pairs, strict=True)
    rate: float = jiwer.wer(
        [normalised(text) for text in references], [normalised(text) for text in heard]
    )
    return rate
