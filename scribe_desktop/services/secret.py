"""A secret that does not show itself by accident: in a log, a traceback, a window."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A token, a key or a passphrase; only `reveal` gives it away."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself, for the one place that needs it."""
        return self._value

    def __str__(self) -> str:
        return "•••"

    def __repr__(self) -> str:
        return "Secret(•••)"
