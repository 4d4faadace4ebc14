import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.server.expected_words import corrected
from scribe_desktop.server.spoken_numbers import is_amount

EXPECTED = ("lisinopril", "metformin", "Heart rate", "left", "twenty")


@pytest.mark.parametrize(
    ("plain", "primed", "text"),
    [
        (
            "Continue list in april 20 mg. Increase metform into 1000 mg.",
            "continue lisinopril 20 mg, increase metformin to 1000 mg",
            "Continue lisinopril 20 mg. Increase metformin to 1000 mg.",
        ),
        ("Lisin April, once.", "Lisinopril. Once.", "Lisinopril, once."),
        ("Lisin April, once.", "Lisinopril. Metformin. Twice.", "Lisin April, once."),
        ("The hard rate is 76.", "heart rate is 76", "The hard rate is 76."),
        # What the second hearing left out or invented changes nothing.
        (
            "Continue list in april 20 milligrams once daily.",
            "Continualisinopril. Metformin. Milligrams.",
            "Continue list in april 20 milligrams once daily.",
        ),
        (
            "The chest is clear. No murmurs.",
            "the chest is clear",
            "The chest is clear. No murmurs.",
        ),
        ("", "lisinopril, metformin", ""),
        # An expected word takes no other word's place.
        ("Continue to own 50 mg.", "Continue metformin 50 mg.", "Continue to own 50 mg."),
        # Numbers, sides and negations stay as first heard.
        ("Give 21 mg.", "Give twenty mg.", "Give 21 mg."),
        ("The lift knee.", "The left knee.", "The lift knee."),
        ("Not metform today.", "metformin today.", "Not metform today."),
    ],
)
def test_only_a_misheard_expected_word_is_replaced(plain: str, primed: str, text: str) -> None:
    assert corrected(plain, primed, EXPECTED) == text


sentences = st.lists(
    st.sampled_from(
        [
            "list",
            "in",
            "april",
            "lisinopril",
            "metform",
            "into",
            "not",
            "left",
            "20",
            "mg.",
            "twenty",
        ]
    ),
    max_size=14,
).map(" ".join)


@given(sentences, sentences)
def test_no_number_side_or_negation_is_ever_altered(plain: str, primed: str) -> None:
    def kept(text: str) -> list[str]:
        words = [word.strip(".") for word in text.split()]
        return [word for word in words if word in {"not", "left"} or is_amount(word)]

    assert kept(corrected(plain, primed, EXPECTED)) == kept(plain)


@given(sentences)
def test_without_expected_words_nothing_changes(plain: str) -> None:
    assert corrected(plain, plain.upper(), ()) == plain


@pytest.mark.parametrize(
    ("word", "amount"), [("20", True), ("twenty", True), ("M-500mg", True), ("often", False)]
)
def test_amounts_are_known_in_digits_and_words(word: str, *, amount: bool) -> None:
    assert is_amount(word) == amount
