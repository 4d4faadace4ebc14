"""Auto-texts and replacements as a list that can be handed to a colleague: CSV or JSON.

Whatever a spreadsheet made of it is read: commas, semicolons or tabs, with a
heading or without. What cannot be read is said and nothing is taken.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Final

from scribe_desktop.domain.errors import SettingsError

MOST_RULES: Final = 5_000
"""More than this is not a list of rules, and would slow every text down."""

HEADINGS: Final = {("heard", "written"), ("say", "write"), ("trigger", "text")}
_DELIMITERS: Final = ",;\t"
_PAIR: Final = 2


def written_rules(pairs: Mapping[str, str], *, as_json: bool) -> str:
    """The list as text; `read_rules` is its inverse."""
    if as_json:
        return json.dumps(dict(pairs), ensure_ascii=False, indent=2) + "\n"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("trigger", "text"))
    writer.writerows(pairs.items())
    return out.getvalue()


def read_rules(text: str) -> dict[str, str]:
    """The pairs of a list in either form; raises SettingsError with a sentence."""
    text = text.removeprefix("\ufeff").strip()
    pairs = _from_json(text) if text[:1] in ("{", "[") else _from_csv(text)
    if not pairs:
        raise SettingsError(
            "The file holds no rules.", "It needs two columns: what is said and what is written."
        )
    if len(pairs) > MOST_RULES:
        raise SettingsError(
            f"The file holds more than {MOST_RULES:,} rules.", "Split it and take what you need."
        )
    return pairs


def _from_json(text: str) -> dict[str, str]:
    try:
        found: Any = json.loads(text)
        rows = found.items() if isinstance(found, dict) else [_row(one) for one in found]
        return _kept((first, second) for first, second in rows)
    except (ValueError, TypeError, RecursionError) as error:
        raise _unreadable() from error


def _row(one: Any) -> tuple[Any, Any]:  # noqa: ANN401  JSON of any make
    first, second = one.values() if isinstance(one, dict) else one
    return first, second


def _from_csv(text: str) -> dict[str, str]:
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise _unreadable() from error
    if any(len(row) < _PAIR for row in rows):
        raise _unreadable()
    if rows and tuple(cell.strip().casefold() for cell in rows[0][:_PAIR]) in HEADINGS:
        rows = rows[1:]
    return _kept((row[0], row[1]) for row in rows)


def _kept(rows: Any) -> dict[str, str]:  # noqa: ANN401  pairs of whatever the file holds
    pairs: dict[str, str] = {}
    for first, second in rows:
        if not (isinstance(first, str) and isinstance(second, str)):
            raise TypeError(first)
        if first.strip() and second.strip():
            pairs[first.strip()] = second.replace("\r\n", "\n").strip()
    return pairs


def _unreadable() -> SettingsError:
    return SettingsError(
        "The file could not be read as a list of rules.",
        "It needs two columns, what is said and what is written, as CSV or JSON.",
    )
