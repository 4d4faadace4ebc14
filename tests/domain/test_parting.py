"""The sentence of a program that had to end before the disk took everything."""

from scribe_desktop.domain.parting import parting


def test_nothing_is_said_when_all_is_on_disk() -> None:
    assert parting(0.0, is_settled=True) is None


def test_all_before_is_called_safe_only_where_it_is_known() -> None:
    spoken, changed, both = (
        str(parting(unkept_s, is_settled=is_settled))
        for unkept_s, is_settled in ((1.5, True), (0.0, False), (1.5, False))
    )
    assert "the last 1.5 seconds that were spoken, and the program had to end. All" in spoken
    assert "safe" in spoken
    assert "safe" not in changed
    assert "safe" not in both
    assert "spoken" not in changed
    assert "the last 1.5 seconds that were spoken, nor what you changed last" in both


def test_a_moment_of_speech_is_not_said_to_be_nothing() -> None:
    assert "the last 0.1 seconds" in str(parting(0.01, is_settled=True))
