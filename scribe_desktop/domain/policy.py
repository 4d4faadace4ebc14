"""What the hospital fixes for everyone on a computer: it wins over what the clinician chose.

A policy names settings and their values. Each named setting is locked, even
where the value makes no sense: then its default holds, because a misspelt
retention rule must not silently become the clinician's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Settings, with_value

# The words of one person are not for a policy to say.
PERSONAL = frozenset({"vocabulary"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Setting name → the value that holds, and a sentence for each entry that was not taken."""

    values: Mapping[str, Any] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()


def read_policy(record: Mapping[str, Any]) -> Policy:
    """The policy that a file, a registry key or a managed preference holds."""
    values: dict[str, Any] = {}
    complaints = []
    known = {setting.name for setting in fields(Settings)} - PERSONAL
    for name in sorted(record):
        if name not in known:
            complaints.append(f"The policy of this computer names “{name}”, which it cannot fix.")
            continue
        value = _as_the_setting_is(name, record[name])
        try:
            values[name] = getattr(with_value(Settings(), name, value), name)
        except SettingsError:
            values[name] = getattr(Settings(), name)
            complaints.append(
                f"The policy of this computer gives “{name}” a value it cannot have;"
                " the default is used and locked."
            )
    return Policy(values, tuple(complaints))


def _as_the_setting_is(name: str, value: Any) -> Any:  # noqa: ANN401  JSON
    """A registry has no yes and no: 0 and 1 stand for them."""
    default = getattr(Settings(), name)
    if isinstance(default, bool) and type(value) is int and value in {0, 1}:
        return bool(value)
    return value
