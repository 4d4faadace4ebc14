"""The chosen microphone, and never another without a word."""

import pytest

from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.services.choosing import choose, is_wanted

DESK = MicrophoneChoice("pulse:desk", "Desk microphone", is_default=True)
HEADSET = MicrophoneChoice("pulse:headset", "Headset")
PHONE = MicrophoneChoice("pulse:phone", "Phone")
ALL = [HEADSET, DESK, PHONE]


@pytest.mark.parametrize(
    ("wanted", "avoid", "chosen"),
    [
        ("", (), DESK),
        ("pulse:phone", (), PHONE),
        ("head", (), HEADSET),
        ("pulse:gone", (), DESK),
        ("pulse:phone", ("pulse:phone",), DESK),
        ("", ("pulse:desk", "pulse:headset"), PHONE),
        ("pulse:phone", ("pulse:phone", "pulse:desk", "pulse:headset"), PHONE),
    ],
)
def test_the_wanted_one_then_the_default_then_any(
    wanted: str, avoid: tuple[str, ...], chosen: MicrophoneChoice
) -> None:
    assert choose(ALL, wanted, avoid) is chosen


def test_where_there_is_none_there_is_none() -> None:
    assert choose([], "pulse:desk") is None


def test_what_was_asked_for_is_known_by_identity_name_or_default() -> None:
    assert is_wanted(DESK, "")
    assert is_wanted(HEADSET, "pulse:headset")
    assert is_wanted(HEADSET, "HEADSET")
    assert not is_wanted(HEADSET, "")
    assert not is_wanted(HEADSET, "pulse:desk")
