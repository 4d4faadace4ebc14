"""That the recording is safe is said where it is needed, and said once."""

import itertools

import pytest

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.reassurance import SAFE, of_text, reassured, told_once
from scribe_desktop.protocol.errors import unreachable

AWAY = f"The service cannot be reached. {SAFE}"
LATER = "It is sent again by itself."

WAYS_TO_SAY_IT = (
    AWAY,
    "The speech engine failed; the recording is safe.",
    "1 dictation needs your attention. The recording is safe.",
    "1 dictation waits to be sent, safe on this computer.",
    "The key to the recordings is damaged. The recordings are safe.",
)


def test_the_sentence_that_was_said_twice_is_said_once() -> None:
    assert told_once(AWAY, SAFE, LATER) == f"{AWAY} {LATER}"
    assert told_once("", AWAY, "") == AWAY


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(WAYS_TO_SAY_IT, 2)))
def test_whoever_said_it_first_nobody_says_it_again(first: str, second: str) -> None:
    said = told_once(first, second, LATER)
    assert said.startswith(first)
    assert said.endswith(LATER)
    rest = said.removeprefix(first)
    if "safe on this computer" not in second:
        assert "safe" not in rest
    assert "  " not in said
    assert ".." not in said


def test_another_safety_is_no_reassurance() -> None:
    address = f"The service's address is not safe, so nothing was sent there. {SAFE}"
    assert told_once(address) == address
    assert told_once("Only https:// is safe enough.", SAFE).endswith(SAFE)


def test_it_is_added_only_where_nobody_said_it() -> None:
    assert reassured("The engine failed.", LATER) == f"The engine failed. {SAFE} {LATER}"
    assert reassured(AWAY, LATER) == f"{AWAY} {LATER}"


def test_an_error_says_it_once() -> None:
    assert str(unreachable("unreachable")) == f"{AWAY} {LATER}"
    assert str(ScribeError(AWAY, SAFE)) == AWAY


def test_of_a_typed_text_it_is_the_text_that_is_safe() -> None:
    assert of_text(AWAY) == "The service cannot be reached. Your text is safe."
