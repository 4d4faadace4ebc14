"""Keeps the drawn parts of the architecture page true to the code.

`python packaging/architecture.py` rewrites them; a test fails when the page
and the code differ. The state diagrams come from the transition tables, the
list of modules from each module's opening sentence.
"""

import ast
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tests.conformance.deviations import Deviation

State = TypeVar("State", bound=StrEnum)

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "scribe_desktop" / "README.md"


def state_diagram(table: Mapping[tuple[State, type], State]) -> str:
    """A Mermaid state diagram: one arrow for each pair of states, with its events."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in table.items():
        arrows.setdefault((before.name, after.name), []).append(event.__name__)
    first = next(iter(table))[0].name
    lines = [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *lines, "```"])


def module_list() -> str:
    """Every module with its opening sentence, by folder."""
    rows = []
    for path in sorted((ROOT / "scribe_desktop").rglob("*.py")):
        sentence = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
        name = path.relative_to(ROOT / "scribe_desktop").as_posix()
        rows.append(f"| `{name}` | {' '.join(sentence.split())} |")
    return "\n".join(["| module | what it is |", "|---|---|", *rows])


# Which test module tries the calls of which module; every call is also tried with
# generated requests (tests/server/test_description.py).
_TRIED_IN = {
    "discovery": "test_door",
    "session_calls": "test_sessions_api",
    "upload_calls": "test_uploads",
    "template_calls": "test_rework",
    "rework_calls": "test_rework",
    "document_calls": "test_rework",
    "history_calls": "test_rework",
    "recording_calls": "test_rework",
    "webhook_calls": "test_webhooks",
    "login": "test_login",
}


def call_list() -> str:
    """Every call that the local service answers, from the table that makes its routes."""
    from scribe_desktop.server.api import table

    rows = []
    for call in table():
        family = "EkaScribe" if call.path.startswith(("/voice/api", "/notification")) else "all"
        tried = _TRIED_IN[call.answer.__module__.rpartition(".")[2]]
        path = call.path.replace("{base}", "…")
        rows.append(f"| {call.method} | `{path}` | {call.summary} | {family} | `{tried}` |")
    stream = "…/stream/sessions/{stream_id}/audio"
    rows.append(f"| WebSocket | `{stream}` | Stream speech | all | `test_stream` |")
    head = "| method | path | what it does | dialects | tests/server/ |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def deviation_list() -> str:
    """Where our client asks otherwise than the local service describes, and why."""
    from tests.conformance.deviations import DEVIATIONS

    rows: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    for one in DEVIATIONS:
        dialects, whats = rows.setdefault((one.difference.call, one.section, one.reason), ([], []))
        _once(dialects, one.dialect)
        _once(whats, _worded(one))
    return "\n".join(
        [
            "| call | dialect | what is otherwise | PROTOCOL.md | why |",
            "|---|---|---|---|---|",
            *(
                f"| `{call}` | {', '.join(dialects)} | {', '.join(whats)} | {section} | {reason} |"
                for (call, section, reason), (dialects, whats) in rows.items()
            ),
        ]
    )


def _once(words: list[str], word: str) -> None:
    if word not in words:
        words.append(word)


def _worded(one: "Deviation") -> str:
    kind, what = one.difference.kind.value, one.difference.what
    return f"the call is {what}" if kind == "call" else f"{kind}: {what}"


def drawn_parts() -> dict[str, str]:
    """The text of each generated part by its name."""
    sys.path.insert(0, str(ROOT))
    from scribe_desktop.domain.machine import CAPTURE, DELIVERY

    return {
        "capture": state_diagram(CAPTURE),
        "delivery": state_diagram(DELIVERY),
        "calls": call_list(),
        "deviations": deviation_list(),
        "modules": module_list(),
    }


def redrawn(page: str) -> str:
    """The page with every generated part made anew; raises ValueError if one has no place."""
    for name, text in drawn_parts().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no place for {name}")
        page = f"{before}{begin}{text}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text("utf-8")), "utf-8")
