"""Which microphone to take: the one that was chosen, and never another without a word."""

from collections.abc import Collection, Sequence

from scribe_desktop.domain.notices import MicrophoneChoice


def choose(
    choices: Sequence[MicrophoneChoice], wanted: str, avoid: Collection[str] = ()
) -> MicrophoneChoice | None:
    """The wanted one by identity or by (part of) its name, else the default, else any.

    `wanted` is empty for "the default of this computer". Those in `avoid` have
    just failed and are taken only when there is no other.
    """
    ranked = sorted(
        choices,
        key=lambda choice: (
            choice.identity in avoid,
            not is_wanted(choice, wanted),
            not choice.is_default,
        ),
    )
    return ranked[0] if ranked else None


def is_wanted(choice: MicrophoneChoice, wanted: str) -> bool:
    """Whether this is the microphone somebody asked for."""
    if not wanted:
        return choice.is_default
    return wanted == choice.identity or wanted.casefold() in choice.name.casefold()
