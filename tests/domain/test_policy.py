from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.policy import PERSONAL, read_policy
from scribe_desktop.domain.settings import Settings

ONE = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
VALUES = ONE | st.lists(ONE, max_size=3) | st.dictionaries(st.text(max_size=5), ONE, max_size=2)
NAMES = st.sampled_from([setting.name for setting in fields(Settings)])


def test_a_policy_fixes_what_it_names() -> None:
    policy = read_policy({"keep_audio_hours": 0, "templates": ["soap"], "global_keys": False})
    assert policy.values == {
        "keep_audio_hours": 0,
        "templates": ("soap",),
        "global_keys": False,
    }
    assert policy.complaints == ()


def test_a_policy_names_the_way_out_of_the_network() -> None:
    way = {"proxy": "http://proxy.example:3128", "update_feed": "https://updates.example/f.json"}
    assert read_policy(way).values == way


@pytest.mark.parametrize(("written", "meant"), [(0, False), (1, True), (True, True)])
def test_a_registry_says_yes_and_no_with_numbers(written: int, meant: bool) -> None:  # noqa: FBT001
    assert read_policy({"keep_microphone_ready": written}).values == {
        "keep_microphone_ready": meant
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keep_audio_hours", "ten"),
        ("keep_audio_hours", -1),
        ("keep_microphone_ready", 2),
        ("templates", ["a", "b", "c"]),
        ("profiles", [{"name": 1}]),
        ("proxy", "http://name:password@proxy.example:3128"),
        ("update_feed", "http://updates.example/feed.json"),
    ],
)
def test_a_value_that_cannot_be_had_locks_the_default(name: str, value: object) -> None:
    policy = read_policy({name: value})
    assert policy.values == {name: getattr(Settings(), name)}
    assert len(policy.complaints) == 1
    assert name in policy.complaints[0]


@pytest.mark.parametrize("name", ["retention", "", *PERSONAL])
def test_what_a_policy_cannot_fix_is_said(name: str) -> None:
    policy = read_policy({name: True})
    assert policy.values == {}
    assert len(policy.complaints) == 1


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_policy_is_read_and_locks_all_that_it_may(record: dict[str, object]) -> None:
    assert set(read_policy(record).values) == set(record) - PERSONAL
