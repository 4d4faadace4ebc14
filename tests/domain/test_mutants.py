"""The tests must be able to fail: each of these faults, put into the core, is found."""

import pytest
from hypothesis import Phase

from tests.domain.chunker_rules import check_chunker
from tests.domain.fault_matrix import check_fault_matrix
from tests.domain.world import mutated

# A mutant is a copy that nobody counts, and counting doubles the time.
pytestmark = pytest.mark.no_cover

MACHINE_MUTANTS = {
    "a stale receipt counts": (
        "remote_id)\n            if index != session.accepted or",
        "session.remote.remote_id)\n            if index != session.accepted or",
    ),
    "a stale result counts": (
        "remote_id)\n            session = replace(session, resolved_at",
        "session.remote.remote_id)\n            session = replace(session, resolved_at",
    ),
    "chunks are accepted in any order": (
        "index != session.accepted or index >= session.files",
        "index >= session.files",
    ),
    "a chunk that was never sealed is accepted": (
        "or index >= session.files or session.end_sent",
        "or session.end_sent",
    ),
    "End before everything is accepted": (
        "        case EndSent():\n            _require_all_accepted(session, event)\n",
        "        case EndSent():\n",
    ),
    "End while the microphone is on": (
        "session.capture is not Capture.STOPPED or session.accepted != session.files",
        "session.accepted != session.files",
    ),
    "End of nothing": (
        "if session.is_empty:",
        "if False:",
    ),
    "an End that was never noted": (
        'if not session.end_sent:\n                raise IllegalEvent(session, event, "no End',
        'if False:\n                raise IllegalEvent(session, event, "no End',
    ),
    "End is not noted before it is sent": (
        "session = replace(session, end_sent=True)",
        "pass",
    ),
    "a lapse keeps the count": ("        accepted=0,\n        end_sent", "        end_sent"),
    "a lapse keeps the End": ("        end_sent=False,\n", ""),
    "a lapse keeps the name": ("generation=session.generation + 1", "generation=0"),
    "a lapse forgets the old names": (
        "past_remote_ids=session.remote_ids",
        "past_remote_ids=()",
    ),
    "the name does not depend on the generation": (
        'f"{session.session_id}/{session.generation}"',
        'f"{session.session_id}"',
    ),
    "a session that lapsed while processing is stuck": (
        "    (Delivery.ENDED, Lapsed): Delivery.UNSENT,\n",
        "",
    ),
    "a resolved session can lapse": (
        "    (Delivery.ENDED, Released): Delivery.ENDED,\n",
        "    (Delivery.ENDED, Released): Delivery.ENDED, (Delivery.RESOLVED, Lapsed): 0,\n",
    ),
    "another form in the same session": (
        "return replace(_healthy(fresh), audio_form=form)",
        "return replace(_healthy(session), audio_form=form)",
    ),
    "smaller files in the same session": (
        "return replace(_healthy(fresh), pieces=pieces)",
        "return replace(_healthy(session), pieces=pieces)",
    ),
    "smaller files are not remembered": ("pieces=pieces)", "pieces=session.pieces)"),
    "files may become larger again": ("if pieces <= session.pieces:", "if False:"),
    "another form is not remembered": ("audio_form=form)", "audio_form=session.audio_form)"),
    "success leaves the problem": ("retry_at=None, problem=None", "retry_at=None"),
    "failures are not counted": ("attempts=session.attempts + 1", "attempts=session.attempts"),
    "a withdrawn session is restored as it was": (
        "fresh = restored if restored.delivery is Delivery.RESOLVED else _lapse(restored)",
        "fresh = restored",
    ),
    "a restored session stays withdrawn": ("replace(fresh, withdrawn=False)", "fresh"),
    "a resolved session is sent again when restored": (
        "restored if restored.delivery is Delivery.RESOLVED else _lapse(restored)",
        "_lapse(restored)",
    ),
    "anything can be withdrawn": (
        "if not session.is_cancelled and not session.is_empty:",
        "if False:",
    ),
    "an End that was denied is taken for said": (
        "delivery=Delivery.OPEN, ended_at=None",
        "ended_at=None",
    ),
    "an End that was denied is repeated without asking": (
        "ended_at=None, received=None)",
        "ended_at=None, end_sent=False)",
    ),
    "denied Ends are not counted": ("ends_denied=session.ends_denied + 1, ", ""),
    "a lapse keeps the denials": ("        ends_denied=0,\n", ""),
    "missing files are sent to the same session": (
        "replace(_lapse(session), shortfalls",
        "replace(session, accepted=0, shortfalls",
    ),
    "shortfalls are not counted": ("shortfalls=session.shortfalls + 1", "shortfalls=0"),
    "files are missed before End": (
        'if not session.end_sent:\n                raise IllegalEvent(session, event, "nobody',
        'if False:\n                raise IllegalEvent(session, event, "nobody',
    ),
    "another session's target is taken": (
        "if session.remote is None or remote.remote_id != session.remote.remote_id:",
        "if False:",
    ),
    "frames are not counted": ("frames=session.frames + frames", "frames=0"),
    "a gap replaces the one before": ("gaps=(*session.gaps, event.gap)", "gaps=(event.gap,)"),
    "an empty chunk is sealed": ("index != session.chunks or frames <= 0", "frames < 0"),
}

STEP_MUTANTS = {
    "the newest chunk goes first": ("Upload(session.accepted)", "Upload(session.chunks - 1)"),
    "End is repeated without asking": (
        "End(session.files, ask_first=session.end_sent)",
        "End(session.files, ask_first=False)",
    ),
    "End counts one too many": (
        "End(session.files, ask_first",
        "End(session.chunks + 1, ask_first",
    ),
    "End while paused": (
        "if session.capture is Capture.STOPPED:\n        return End",
        "if session.capture is not Capture.RECORDING:\n        return End",
    ),
    "no patience": ("session.retry_at > now", "session.retry_at < now"),
    "a refusal is repeated for ever": (
        "    if session.problem is not None and session.retry_at is None:\n        return Rest()\n",
        "",
    ),
    "a cancelled session is delivered": (
        "session.is_cancelled or session.is_empty",
        "session.is_empty",
    ),
    "an empty session is delivered": (
        "session.is_cancelled or session.is_empty",
        "session.is_cancelled",
    ),
    "a text is sent again without asking": (
        "SendText(ask_first=session.end_sent)",
        "SendText(ask_first=False)",
    ),
    "a text is taken for speech": ("if session.typed:", "if False:"),
    "nobody asks for the result": ("return Poll()", "return Rest()"),
    "the service is not told of a cancel": ("return Withdraw() if", "return Rest() if"),
    "the service is told of a cancel for ever": (
        "not session.withdrawn and not delivered",
        "not delivered",
    ),
    "a result is withdrawn": ("not session.withdrawn and not delivered", "not session.withdrawn"),
}

RECORD_MUTANTS = {
    "a restart forgets that it was typed": ('            "typed",\n', ""),
    "a restart forgets the End": ('            "end_sent",\n', ""),
    "a restart forgets the denials": ('            "ends_denied",\n', ""),
    "a restart forgets the shortfalls": ('            "shortfalls",\n', ""),
    "a restart forgets the generation": ('            "generation",\n', ""),
    "a restart forgets the cancel": ('            "cancelled_at",\n', ""),
    "a restart forgets the old names": (
        '        past_remote_ids=tuple(record.get("past_remote_ids", ())),\n',
        "",
    ),
    "a restart forgets the form": (
        '        audio_form=AudioForm(record.get("audio_form", AudioForm.WEBM)),\n',
        "",
    ),
    "a restart forgets the gaps": (
        '        gaps=tuple(Gap(**gap) for gap in record.get("gaps", ())),\n',
        "",
    ),
    "a restart forgets the result": (
        "        outcome=Outcome(outcome) if outcome else None,\n",
        "",
    ),
}

CHUNKER_MUTANTS = {
    "the limit is passed": (
        "self._judged + WINDOW_BYTES > self._end_bytes()",
        "self._judged > self._end_bytes()",
    ),
    "the held chunk comes after the limit": (
        "_byte_count(cuts.limit_s - cuts.shortest_s)",
        "_byte_count(cuts.limit_s)",
    ),
    "the cut is at the end of the quiet": (
        "self._judged - self._quiet_windows // 2 * WINDOW_BYTES",
        "self._judged",
    ),
    "the quiet of the last chunk counts twice": (
        "min(self._quiet_windows, self._judged // WINDOW_BYTES)",
        "self._quiet_windows",
    ),
    "quiet is not interrupted by voice": (
        "self._quiet_windows + 1 if self._is_quiet(window) else 0",
        "self._quiet_windows + self._is_quiet(window)",
    ),
    "a short tail stays alone": (
        "[held + rest] if len(rest) < self._shortest_bytes else [held, rest]",
        "[held, rest]",
    ),
    "a long tail joins": (
        "[held + rest] if len(rest) < self._shortest_bytes else [held, rest]",
        "[held + rest]",
    ),
    "the held chunk is lost at the end": (
        "held, self._held = self._held",
        "held, self._held = b''",
    ),
    "finishing twice gives the end twice": (
        "        self._pcm.clear()\n        self._judged = ",
        "        self._judged = ",
    ),
    "the tail does not count what is held": (
        "(len(self._held) + len(self._pcm)) // BYTES_PER_FRAME",
        "len(self._pcm) // BYTES_PER_FRAME",
    ),
    "the judged windows are judged again": (
        "                self._judged -= cut\n",
        "                self._judged = 0\n",
    ),
    "any rule must wait for all": (
        "spoken_s >= after_s and quiet_s >= needed_s",
        "spoken_s >= 2.0 and quiet_s >= needed_s",
    ),
}

SESSION_MUTANTS = {
    "a text counts as nothing": (" and not self.typed", ""),
}

DELIVERY_MUTANTS = [
    pytest.param(module, patch, id=name)
    for module, mutants in (
        ("machine", MACHINE_MUTANTS),
        ("session", SESSION_MUTANTS),
        ("steps", STEP_MUTANTS),
        ("record", RECORD_MUTANTS),
    )
    for name, patch in mutants.items()
]


@pytest.mark.parametrize(("module", "patch"), DELIVERY_MUTANTS)
def test_a_fault_in_the_delivery_is_found(module: str, patch: tuple[str, str]) -> None:
    mutant = mutated({module: patch})
    # A promise that is broken, or an event that the mutant itself takes for illegal.
    with pytest.raises((AssertionError, AttributeError, ValueError)):
        check_fault_matrix(mutant, every=60)


@pytest.mark.parametrize("patch", CHUNKER_MUTANTS.values(), ids=CHUNKER_MUTANTS.keys())
def test_a_fault_in_the_cutting_is_found(patch: tuple[str, str]) -> None:
    mutant = mutated({"chunker": patch}).chunker
    with pytest.raises(AssertionError):
        check_chunker(mutant, examples=200, phases=(Phase.generate,))
