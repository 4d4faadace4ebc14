"""The commands that see a dictation to its end: dictate, write, deliver.

Each waits for what it began, tells on the way what a person at a terminal should
see, and ends when nothing more will happen soon.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scribe_desktop.call import Answer, Call, Emit, dictated_patient
from scribe_desktop.domain.dictation import Dictation, Status, report, status
from scribe_desktop.domain.errors import Retry, ScribeError
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
from scribe_desktop.line import Line

PATIENCE_TRIES = 4
"""Failed tries in a row after which a command leaves the rest to a later run: about 10 s."""

RELEASE_LIMIT_S = 10.0
"""A disk that takes longer to note that all is tried again has other troubles to tell."""

LOOK_S = 0.2
"""A wish that comes by signal stirs nobody, so it is looked for."""


def dictate(call: Call) -> Answer:
    """Record from the microphone or read a file, and wait for the text."""
    line, request = call.line, call.request

    def begin(order: Order, session_id: SessionId) -> None:
        if "file" in request:
            line.import_file(request["file"], order, session_id=session_id)
        else:
            line.start(order, microphone=request.get("mic"), session_id=session_id)

    with watched(call):
        session_id = _begin_once(call, begin)
        is_cut_short = _record(call, session_id)
        return _collect(call, session_id, may_stop=not is_cut_short)


def write(call: Call) -> Answer:
    """Have notes written from a text."""

    def begin(order: Order, session_id: SessionId) -> None:
        call.program.typed_text(call.request["text"], order, session_id=session_id)

    with watched(call):
        return _collect(call, _begin_once(call, begin), may_stop=True)


@contextmanager
def watched(call: Call) -> Iterator[None]:
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
    while not wishes.wait_for(over, timeout_s=LOOK_S) and not wishes.leave.is_set():
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

    while not wishes.wait_for(settled, timeout_s=LOOK_S):
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


def deliver(call: Call) -> Answer:
    """Send and collect everything that is pending."""
    line, wishes, request = call.line, call.wishes, call.request
    if request.get("token") and request.get("service"):
        line.use_token(line.service_named(request["service"]), request["token"])
    end_watch = line.subscribe(lambda _: wishes.stir())
    try:
        pending = [s.session_id for s in line.sessions() if not _is_over(s)]
        line.send_now()
        # A refusal of an earlier run stands until this is written, and must not be taken for
        # ours; nor is ours to be put aside, so that nothing is sent before.
        line.settle(RELEASE_LIMIT_S)
        call.program.deliver()

        def left() -> int:
            return sum(not _is_delivered(line.session(sid)) for sid in pending)

        while not wishes.wait_for(lambda: wishes.stop.is_set() or not left(), timeout_s=LOOK_S):
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
