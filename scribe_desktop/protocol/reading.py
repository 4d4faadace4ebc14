"""Reads what a service sent without ever believing it.

A service may be an older or newer version, a proxy's error page or somebody
hostile. Whatever arrives either becomes plain, bounded values or raises
`Unreadable`; nothing else leaves this package.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scribe_desktop.domain.results import Json

DEEPEST = 48
"""Levels of nesting that a note may have; real ones have five."""

_LATEST_EPOCH_S = 32_503_680_000.0
"""The year 3000: a number beyond it is milliseconds or nonsense."""

_FRACTION = re.compile(r"\.(\d+)")


class Unreadable(ValueError):
    """What the service sent is not what the protocol allows; says only where, never what."""


def read_json(body: bytes) -> Json:
    """Parse a reply; every string in it can be stored and shown."""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    return _cleaned(value, 0)


def read_object(body: bytes) -> dict[str, Json]:
    """Parse a reply that must be a JSON object."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def _cleaned(value: Json, depth: int) -> Json:
    if depth > DEEPEST:
        raise Unreadable("nested too deeply")
    if isinstance(value, str):
        # A lone surrogate is legal JSON, and no database or screen takes it.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(_cleaned(key, 0)): _cleaned(item, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


def text(value: Any) -> str:  # noqa: ANN401  JSON
    """A string as it is, a number in figures, anything else as nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  JSON
    """An object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> Sequence[Any]:  # noqa: ANN401  JSON
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401  JSON
    """The strings of a list, or of a single string; each once, in order."""
    return tuple(dict.fromkeys(item for item in map(text, sequence(value)) if item))


def objects(value: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  JSON
    """The objects of a list."""
    return (item for item in sequence(value) if isinstance(item, dict))


def number(value: Any) -> float | None:  # noqa: ANN401  JSON
    """A number, also one in a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if abs(result) < float("inf") else None


def count(value: Any) -> int | None:  # noqa: ANN401  JSON
    """A whole number that is not negative, or None."""
    result = number(value)
    return int(result) if result is not None and 0 <= result < _LATEST_EPOCH_S else None


def moment(value: Any) -> float | None:  # noqa: ANN401  JSON
    """Seconds since the epoch from ISO time (Z, offset or none: UTC) or an epoch number."""
    if isinstance(value, str):
        try:
            # Python 3.11 takes at most six digits of a second; servers write nine.
            shortened = _FRACTION.sub(lambda match: f".{match[1][:6]}", value.strip())
            when = datetime.fromisoformat(shortened)
        except ValueError:
            return _epoch(number(value))
        return _epoch(_timestamp(when))
    return _epoch(number(value))


def _epoch(value: float | None) -> float | None:
    if value is None or value <= 0:
        return None
    seconds = value / 1000 if value > _LATEST_EPOCH_S else value
    return seconds if seconds <= _LATEST_EPOCH_S else None


def _timestamp(when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def http_date(value: str) -> float | None:
    """Seconds since the epoch from a `Date` header, or None."""
    try:
        return _timestamp(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """What `Retry-After` asks for, from seconds or a date.

    A date is compared with the service's own `Date`, so that a workstation
    whose clock is a day off neither waits a day nor not at all.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = number(value)
    if seconds is not None:
        return max(seconds, 0.0)
    until = http_date(value)
    if until is None:
        return None
    present = http_date(headers.get("date", ""))
    return max(until - (now if present is None else present), 0.0)
