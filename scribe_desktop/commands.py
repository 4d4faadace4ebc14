"""What each command does with an open line, whoever asked for it.

A command never touches a terminal: it gets a request that crossed (or could
have crossed) the local socket, says how far it is through `emit`, and gives
an answer that any terminal can print. So a command behaves the same in the
process that typed it and in the one that serves it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scribe_desktop import service_commands
from scribe_desktop.app import Program
from scribe_desktop.call import Answer, Call, Emit, Wishes, dictated_patient
from scribe_desktop.doctor import examine
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.dictation import Dictation, Status, listing, report, status
from scribe_desktop.domain.errors import DiskFull, Retry, ScribeError
from scribe_desktop.domain.notices import (
    LiveText,
    MicrophoneChanged,
    MicrophoneState,
    Notice,
    PartEnding,
    SilenceNoticed,
    SpoolTrouble,
    Trouble,
)
from scribe_desktop.domain.order import MAX_TEMPLATES, Mode, Order, UploadType
from scribe_desktop.domain.reassurance import of_text, reassured, told_once
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.domain.steps import is_to_withdraw
from scribe_desktop.domain.time_limit import TimeLimit
from scribe_desktop.exits import Exit
from scribe_desktop.export.documents import as_markdown, as_text
from scribe_desktop.export.fhir import as_fhir
from scribe_desktop.line import Line
from scribe_desktop.services.control import Exchange, Holder
from scribe_desktop.services.places import write_private
from scribe_desktop.services.secret import Secret
from scribe_desktop.wiring.custody import Custody

PATIENCE_TRIES = 4
"""Failed tries in a row after which a command leaves the rest to a later run: about 10 s."""

_LOOK_S = 0.2
"""A wish that comes by signal stirs nobody, so it is looked for."""


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


def _dictate(call: Call) -> Answer:
    line, request = call.line, call.request

    def begin(order: Order, session_id: SessionId) -> None:
        if "file" in request:
            line.import_file(request["file"], order, session_id=session_id)
        else:
            line.start(order, microphone=request.get("mic"), session_id=session_id)

    with _watched(call):
        session_id = _begin_once(call, begin)
        is_cut_short = _record(call, session_id)
        return _collect(call, session_id, may_stop=not is_cut_short)


def _write(call: Call) -> Answer:
    """Have notes written from a text."""

    def begin(order: Order, session_id: SessionId) -> None:
        call.program.typed_text(call.request["text"], order, session_id=session_id)

    with _watched(call):
        return _collect(call, _begin_once(call, begin), may_stop=True)


@contextmanager
def _watched(call: Call) -> Iterator[None]:
    """Within this, what the line says goes to whoever called."""
    end_watch = call.line.subscribe(lambda notice: _watch(notice, call))
    try:
        yield
    finally:
        end_watch()


def _begin_once(call: Call, begin: Callable[[Order, SessionId], object]) -> SessionId:
    """The dictation that was asked for; a holder that left in the middle has it in the spool."""
    line, request = call.line, call.request
    call.program.deliver()
    asked = SessionId(request["session_id"])
    session_id = call.program.strongroom.own_id(asked)
    if not line.knows(session_id) and line.knows(asked):
        return asked
    if not line.knows(session_id):
        order = order_for(line, request)
        if request.get("token"):
            line.use_token(order.service, request["token"])
        begin(order, session_id)
    return session_id


def _record(call: Call, session_id: SessionId) -> bool:
    """Wait for the end of the speech: the file's, the time's, or the speaker's (then True)."""
    line, wishes, seconds = call.line, call.wishes, call.request.get("seconds")
    limit = None if seconds is None else TimeLimit(seconds)

    def over() -> bool:
        return line.outline(session_id).last.capture is Capture.STOPPED

    def enough() -> bool:
        spoken_s = line.recorded_s(session_id)
        return wishes.stop.is_set() or (
            limit is not None and limit.is_over(time.monotonic(), spoken_s=spoken_s)
        )

    while not over() and not enough():
        call.emit({"recorded_s": line.recorded_s(session_id), "level_dbfs": line.level().rms_dbfs})
        wishes.wait_for(lambda: over() or enough(), timeout_s=0.1)
    is_cut_short = wishes.stop.is_set()
    line.stop(session_id)
    # The end of the program seals what this does not wait for.
    while not wishes.wait_for(over, timeout_s=_LOOK_S) and not wishes.leave.is_set():
        pass
    return is_cut_short


def _collect(call: Call, session_id: SessionId, *, may_stop: bool) -> Answer:
    """Wait for the result, or until waiting longer would only hold up the caller.

    With `may_stop` the first wish to end is about this waiting: the speech was over before.
    """
    line, wishes = call.line, call.wishes

    def settled() -> bool:
        if wishes.leave.is_set() or (may_stop and wishes.stop.is_set()):
            return True
        if call.program.strongroom.is_locked:
            # Nothing is sent before the keyring is open, and that may take hours.
            return True
        return all(map(_is_settled, line.outline(session_id).sessions))

    while not wishes.wait_for(settled, timeout_s=_LOOK_S):
        _emit_delivery(line.outline(session_id), call.emit)
    return answer_for(line.dictation(session_id))


def _is_settled(session: Session) -> bool:
    """Whether nothing more will happen soon."""
    if session.is_empty or session.is_cancelled or session.delivery is Delivery.RESOLVED:
        return True
    if session.problem is None:
        return False
    return session.retry_at is None or session.attempts >= PATIENCE_TRIES


def answer_for(dictation: Dictation, now: float | None = None) -> Answer:
    """The answer and exit code for a dictation as it stands."""
    record = report(dictation, now=now)
    match status(dictation):
        case Status.COMPLETED | Status.PARTIAL:
            return Answer(Exit.DONE, record)
        case Status.EMPTY:
            record["error"] = record["error"] or {
                "message": "Nothing was said: the recording holds no words.",
                "remedy": "Check the microphone with “scribe-desktop doctor” and dictate again.",
            }
            return Answer(Exit.NOTHING_SAID, record)
        case Status.FAILED:
            return Answer(Exit.FAILED, record)
        case Status.WAITING:
            return Answer(_waiting_exit(dictation), record)


def _waiting_exit(dictation: Dictation) -> Exit:
    """Unreachable if it will be sent by itself later, failed if someone must do something."""
    problems = [session.problem for session in dictation.sessions if session.problem]
    if any(problem.retry is not Retry.LATER for problem in problems):
        return Exit.FAILED
    return Exit.UNREACHABLE


def _watch(notice: Notice, call: Call) -> None:
    """Pass on what a person at a terminal should see; wake whoever waits."""
    emit = call.emit
    match notice:
        case LiveText(text=text):
            emit({"live_text": text})
        case MicrophoneChanged(state=state, message=message, remedy=remedy):
            if state is MicrophoneState.HEARD:
                emit({"listening": True})
            elif message:
                emit({"warning": told_once(message, remedy)})
        case SilenceNoticed(silent_s=silent_s, pauses_in_s=pauses_in_s):
            emit({"warning": _silence(silent_s, pauses_in_s)})
        case (
            SpoolTrouble(message=message, remedy=remedy)
            | Trouble(message=message, remedy=remedy)
            | PartEnding(message=message, remedy=remedy)
        ):
            emit({"warning": told_once(message, remedy)})
        case _:
            pass
    call.wishes.stir()


def _silence(silent_s: float, pauses_in_s: float) -> str:
    heard = f"Nothing was heard for {silent_s:.0f} seconds"
    if pauses_in_s > 0:
        return f"{heard}; the recording pauses in {pauses_in_s:.0f} seconds unless you speak."
    return f"{heard}; the recording is paused. Go on with “scribe-desktop resume”."


def _emit_delivery(dictation: Dictation, emit: Emit) -> None:
    accepted = sum(session.accepted_chunks for session in dictation.sessions)
    chunks = sum(session.chunks for session in dictation.sessions)
    stuck = next((s for s in dictation.sessions if s.problem), None)
    emit(
        {
            "accepted": accepted,
            "chunks": chunks,
            "processing": dictation.last.delivery is Delivery.ENDED,
            "problem": _trouble_of(stuck),
        }
    )


def _trouble_of(session: Session | None) -> str:
    if session is None or session.problem is None:
        return ""
    said = reassured(session.problem.message, session.problem.remedy)
    return of_text(said) if session.typed else said


def order_for(line: Line, request: dict[str, Any]) -> Order:
    """The clinician's usual order with what this request asks instead."""
    usual = line.usual_order()
    service = usual.service
    if request.get("service"):
        service = line.service_named(request["service"], request.get("dialect", ""))
    return Order(
        service=service,
        model=request.get("model", usual.model),
        mode=Mode(request.get("mode", usual.mode)),
        languages=tuple(request.get("language", usual.languages)),
        transcript_language=request.get("transcript_language", usual.transcript_language),
        templates=_at_most_two(tuple(request.get("template", usual.templates))),
        upload_type=UploadType(request.get("upload") or line.upload_type_for(service)),
        patient=dictated_patient(request),
        additional=line.settings().additional_for(service),
    )


def _at_most_two(templates: tuple[str, ...]) -> tuple[str, ...]:
    if len(templates) > MAX_TEMPLATES:
        raise ScribeError(
            "A dictation can fill at most two templates; nothing was recorded.",
            "Ask for two now, and run another template on the transcript afterwards.",
        )
    return templates


def _deliver(call: Call) -> Answer:
    """Send and collect everything that is pending."""
    line, wishes, request = call.line, call.wishes, call.request
    if request.get("token") and request.get("service"):
        line.use_token(line.service_named(request["service"]), request["token"])
    call.program.deliver()
    end_watch = line.subscribe(lambda _: wishes.stir())
    try:
        pending = [s.session_id for s in line.sessions() if not _is_over(s)]
        line.send_now()

        def left() -> int:
            return sum(not _is_delivered(line.session(sid)) for sid in pending)

        while not wishes.wait_for(lambda: wishes.stop.is_set() or not left(), timeout_s=_LOOK_S):
            call.emit({"pending": left()})
    finally:
        end_watch()
    # What was thrown away only had to be told to its service, and has no result.
    kept = [sid for sid in pending if not _is_thrown_away(line.session(sid))]
    answers = [answer_for(line.dictation(sid)) for sid in kept]
    codes = {answer.exit_code for answer in answers}
    if any(is_to_withdraw(line.session(sid)) for sid in pending):
        codes.add(Exit.UNREACHABLE)
    code = next((c for c in (Exit.FAILED, Exit.UNREACHABLE) if c in codes), Exit.DONE)
    return Answer(code, [answer.record for answer in answers])


def _is_delivered(session: Session) -> bool:
    """Whether nothing more will happen soon, and the service knows what was thrown away."""
    if is_to_withdraw(session):
        return session.problem is not None
    return _is_settled(session)


def _is_thrown_away(session: Session) -> bool:
    return session.is_empty or session.is_cancelled


def _is_over(session: Session) -> bool:
    if _is_thrown_away(session):
        return not is_to_withdraw(session)
    return session.delivery is Delivery.RESOLVED or session.capture is not Capture.STOPPED


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
    write = {"text": as_text, "markdown": as_markdown}.get(form)
    if write is None:
        return _report(call)
    return Answer(Exit.DONE, {"document": write(call.line.dictation(session_id))})


def _discard(call: Call) -> Answer:
    return _changed(call, call.line.discard)


def _delete(call: Call) -> Answer:
    session_id = _chosen(call)
    left = Custody(call.program).delete(session_id)
    return Answer(Exit.DONE, {"session_id": session_id, "left_on_service": left})


def _restore(call: Call) -> Answer:
    return _changed(call, call.line.restore)


def _changed(call: Call, change: Callable[[SessionId], None]) -> Answer:
    """The window may show what the disk has not yet; a command answers when it is done."""
    with _watched(call):
        change(_chosen(call))
        while not call.line.settle(_LOOK_S):
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
    "dictate": _dictate,
    "write": _write,
    "deliver": _deliver,
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
