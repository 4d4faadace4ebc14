"""What each command does with an open line, whoever asked for it.

A command never touches a terminal: it gets a request that crossed (or could
have crossed) the local socket, says how far it is through `emit`, and gives
an answer that any terminal can print. So a command behaves the same in the
process that typed it and in the one that serves it.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scribe_desktop import service_commands
from scribe_desktop.app import Program
from scribe_desktop.call import Answer, Call, Emit, Wishes
from scribe_desktop.dictating import LOOK_S, deliver, dictate, watched, write
from scribe_desktop.doctor import examine
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.dictation import listing, report
from scribe_desktop.domain.errors import DiskFull, ScribeError
from scribe_desktop.domain.notices import (
    Trouble,
)
from scribe_desktop.domain.session import SessionId
from scribe_desktop.exits import Exit
from scribe_desktop.export.documents import as_markdown, as_text
from scribe_desktop.export.fhir import as_fhir
from scribe_desktop.services.control import Exchange, Holder
from scribe_desktop.services.places import write_private
from scribe_desktop.services.secret import Secret
from scribe_desktop.wiring.custody import Custody


def run(program: Program, request: dict[str, Any], emit: Emit, wishes: Wishes) -> dict[str, Any]:
    """Carry out one request; raises ScribeError with a sentence."""
    if request["command"] not in _WHILE_LOCKED:
        program.strongroom.check()
    answer = _COMMANDS[request["command"]](Call(program, request, emit, wishes))
    return {"exit_code": int(answer.exit_code), "record": answer.record}


def serve_others(holder: Holder, program: Program) -> None:
    """From now on carry out what other processes of this user ask for."""

    def on_request(request: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        wishes = Wishes(exchange.cancelled, exchange.abandoned)
        return run(program, request, exchange.emit, wishes)

    holder.serve(on_request)


def _sessions(call: Call) -> Answer:
    return Answer(Exit.DONE, [listing(session) for session in call.line.sessions()])


def _chosen(call: Call) -> SessionId:
    return call.line.find(call.request["session_id"])


def _report(call: Call) -> Answer:
    return Answer(Exit.DONE, report(call.line.dictation(_chosen(call))))


def _export(call: Call) -> Answer:
    session_id, form = _chosen(call), call.request["format"]
    call.program.audit("exported", session_id, form)
    if form == "fhir":
        return Answer(Exit.DONE, as_fhir(call.line.dictation(session_id)))
    as_document = {"text": as_text, "markdown": as_markdown}.get(form)
    if as_document is None:
        return _report(call)
    return Answer(Exit.DONE, {"document": as_document(call.line.dictation(session_id))})


def _discard(call: Call) -> Answer:
    return _changed(call, call.line.discard)


def _delete(call: Call) -> Answer:
    session_id = _chosen(call)
    left = Custody(call.program).delete(session_id)
    record = {
        "session_id": session_id,
        "left_on_service": left.on_service,
        "damaged_stores": left.damaged_stores,
    }
    return Answer(Exit.DONE, record)


def _restore(call: Call) -> Answer:
    return _changed(call, call.line.restore)


def _changed(call: Call, change: Callable[[SessionId], None]) -> Answer:
    """The window may show what the disk has not yet; a command answers when it is done."""
    with watched(call):
        change(_chosen(call))
        while not call.line.settle(LOOK_S):
            if call.line.is_refused() or call.wishes.leave.is_set():
                raise DiskFull(
                    "The disk of this computer has not taken that yet, so it may not be stored.",
                    "Free some space on the disk, then look with “scribe-desktop sessions”.",
                )
    return _report(call)


def _devices(call: Call) -> Answer:
    return Answer(
        Exit.DONE,
        [
            {"id": choice.identity, "name": choice.name, "default": choice.is_default}
            for choice in call.line.microphones()
        ],
    )


def _doctor(call: Call) -> Answer:
    record = examine(call.program)
    return Answer(Exit.DONE if record["ok"] else Exit.FAILED, record)


def _audit(call: Call) -> Answer:
    """Who did what, and whether a line or a recording was altered or left out since."""
    lines, head = call.program.audit_lines(), call.program.audit_head()
    broken = first_break(lines, head)
    record: dict[str, Any] = {
        "whole": broken is None,
        "first_break": broken,
        "cut": broken is not None and broken > len(lines),
        "lines": [],
    }
    if call.request["what"] == "show":
        record["lines"] = [asdict(line) for line in lines]
        return Answer(Exit.DONE if broken is None else Exit.FAILED, record)
    checked, altered = call.program.altered_recordings()
    record["recordings"] = {"checked": checked, "altered": list(altered)}
    return Answer(Exit.DONE if broken is None and not altered else Exit.FAILED, record)


def _export_key(call: Call) -> Answer:
    locked = call.program.export_key(Secret(call.request["passphrase"]))
    try:
        write_private(Path(call.request["file"]), locked.encode())
    except OSError as error:
        raise ScribeError(
            "The key could not be written there.", "Choose another folder."
        ) from error
    return Answer(Exit.DONE, {"exported": True})


def _import_key(call: Call) -> Answer:
    passphrase = Secret(call.request["passphrase"])
    return Answer(
        Exit.DONE, {"sessions": call.program.import_key(call.request["text"], passphrase)}
    )


def _import(call: Call) -> Answer:
    """Dictate recordings that the desktop handed over, and show the window they appear in."""
    call.program.show_window()
    for path in call.request["files"]:
        try:
            call.line.import_file(path)
        except ScribeError as error:
            call.line.tell(Trouble(error.message, error.remedy))
    return Answer(Exit.DONE, call.line.state())


def _window(call: Call) -> Answer:
    """Toggle, start, stop, pause, resume, cancel, show: for the dictation that runs here."""
    if call.request["command"] == "show":
        # Started once more with the system, it only sees that it runs already.
        if not call.request.get("hidden"):
            call.program.show_window()
    else:
        call.line.obey(call.request["command"])
    return Answer(Exit.DONE, call.line.state())


_WINDOW_COMMANDS = ("toggle", "start", "stop", "pause", "resume", "cancel", "show")

_WHILE_LOCKED = frozenset({"dictate", "import", "devices", *_WINDOW_COMMANDS})
"""What needs none of the earlier recordings."""

_COMMANDS: dict[str, Callable[[Call], Answer]] = {
    "dictate": dictate,
    "write": write,
    "deliver": deliver,
    "sessions": _sessions,
    "report": _report,
    "export": _export,
    "discard": _discard,
    "delete": _delete,
    "restore": _restore,
    "devices": _devices,
    "doctor": _doctor,
    "import": _import,
    "audit": _audit,
    "key export": _export_key,
    "key import": _import_key,
    **service_commands.COMMANDS,
    **dict.fromkeys(_WINDOW_COMMANDS, _window),
}
