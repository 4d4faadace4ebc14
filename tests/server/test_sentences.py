import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.server.sentences import join, split


def bare(text: str) -> list[str]:
    return text.lower().replace(".", " ").replace("…", " ").split()


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        ([], ""),
        (["", "  ", "Chest is clear."], "Chest is clear."),
        (["Chest is clear.", "No murmurs."], "Chest is clear. No murmurs."),
        (["He has a history of", "The same pain."], "He has a history of the same pain."),
        (["Increase metformin to...", "one thousand."], "Increase metformin to one thousand."),
        (["Take 20.", "mg daily."], "Take 20 mg daily."),
        (["Start", "Metformin 500 mg."], "Start Metformin 500 mg."),
        (["Seen by Dr.", "smith today."], "Seen by Dr. smith today."),
        (["Hepatitis", "A was negative."], "Hepatitis A was negative."),
        (["Is there pain?", "no pain."], "Is there pain? no pain."),
    ],
)
def test_windows_join_as_one_text(texts: list[str], joined: str) -> None:
    assert join(texts) == joined


@given(st.lists(st.text("aAbTheno. …,?5", max_size=12), max_size=6))
def test_joining_keeps_every_word_in_order(texts: list[str]) -> None:
    assert bare(join(texts)) == [word for text in texts for word in bare(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("One only", ["One only"]),
        ("Chest clear. No murmurs.", ["Chest clear.", "No murmurs."]),
        ("Fever of 39.2 degrees. Give 2.5 mg.", ["Fever of 39.2 degrees.", "Give 2.5 mg."]),
        ("Take one tab b.i.d. with food. Stop.", ["Take one tab b.i.d. with food.", "Stop."]),
        ("Seen by Dr. Smith. Well.", ["Seen by Dr. Smith.", "Well."]),
        ("Pain? Yes! Since Monday.", ["Pain?", "Yes!", "Since Monday."]),
        ("Plan\nStart aspirin", ["Plan", "Start aspirin"]),
        ("बुखार है। दवा दें।", ["बुखार है।", "दवा दें।"]),
        ("Give approx. two litres.", ["Give approx. two litres."]),
    ],
)
def test_sentences_are_found(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@given(st.text("ab AB.?!\n5।\"'mg", max_size=60))
def test_sentences_hold_every_word_in_order(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())
