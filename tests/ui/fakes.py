"""A line that answers from memory, so that the window can be shown and worked without sound."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from scribe_desktop.domain.audio import SAMPLE_RATE, Gap
from scribe_desktop.domain.dictation import Dictation, linked
from scribe_desktop.domain.errors import Retry, ScribeError
from scribe_desktop.domain.events import (
    Bookmarked,
    BookmarkRemoved,
    Cancelled,
    ChunkSealed,
    Event,
    Paused,
    Released,
    Restored,
    Resumed,
    SpeechStarted,
    Stopped,
)
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import (
    Level,
    LiveText,
    MicrophoneChanged,
    MicrophoneChoice,
    MicrophoneState,
    Notice,
    OfferChanged,
    ResultsStored,
    SessionChanged,
    SettingChanged,
)
from scribe_desktop.domain.offer import Health, ModelOffer, Offer, TemplateOffer
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import (
    Author,
    Note,
    NoteStatus,
    Outcome,
    Results,
    ResultsVersion,
)
from scribe_desktop.domain.session import Capture, Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.domain.shown_text import heard_versions, shown_versions

NOW = 1_795_000_000.0

OFFER = Offer(
    service="this-computer",
    health=Health.READY,
    models=(
        ModelOffer("pro", "Accurate", ("en", "hi", "de"), live_text=True),
        ModelOffer("lite", "Fast", ("en",)),
    ),
    languages=("en", "hi", "de"),
    auto_language=True,
    templates=(
        TemplateOffer("clinical_notes_template", "Clinical note", "Sections of a visit"),
        TemplateOffer("soap", "SOAP", "Subjective, objective, assessment, plan"),
        TemplateOffer("medications", "Medications", "What is to be taken"),
    ),
)

TRANSCRIPT = (
    "Chief complaint, follow-up for high blood pressure. She takes amlodipine 5 mg once daily"
    " and has no chest pain. On examination blood pressure is 138 over 84, pulse 72, regular."
    " Impression: hypertension, fairly controlled. Plan: continue amlodipine 5 mg, reduce salt,"
    " come back in four weeks."
)

NOTE = """## Chief complaint
Follow-up for high blood pressure.

## History
She takes amlodipine 5 mg once daily and has no chest pain.

## Examination
- Blood pressure 138 over 84
- Pulse 72, regular

## Impression
Hypertension, fairly controlled.

## Plan
1. Continue amlodipine 5 mg
2. Reduce salt
3. Come back in four weeks
"""


def results(transcript: str | None = TRANSCRIPT, note: str = NOTE) -> Results:
    notes = (Note("clinical_notes_template", NoteStatus.SUCCESS, note),)
    return Results(Outcome.COMPLETED, transcript, notes, ("en",), "pro")


def session(number: int, **changes: Any) -> Session:
    """A stored dictation, `number` hours old."""
    name = changes.pop("name", "")
    order = Order(templates=("clinical_notes_template",), patient=Patient(name=name))
    made = Session(
        session_id=SessionId(f"ses_{number:024x}"),
        created_at=changes.pop("created_at", NOW - number * 3600),
        order=order,
        capture=Capture.STOPPED,
        chunks=7,
        frames=SAMPLE_RATE * 134,
    )
    return replace(made, **changes)


def scripted_sessions() -> list[Session]:
    """One of each kind, newest first."""
    remote = Remote("ses_remote", "")
    away = Problem(
        "The service could not be reached; your recording is safe.", "It is sent again by itself.",
        Retry.LATER,
    )  # fmt: skip
    out = Problem(
        "The service wants you to sign in again; your recording is safe.", "Sign in to send it.",
        Retry.AFTER_SIGN_IN,
    )  # fmt: skip
    done = {"delivery": Delivery.RESOLVED, "remote": remote, "accepted": 7, "resolved_at": NOW}
    return [
        session(1, name="Maria Lindqvist", outcome=Outcome.COMPLETED, **done),
        session(2, name="Anand Rao", delivery=Delivery.ENDED, remote=remote, accepted=7),
        session(3, name="J. Okafor", delivery=Delivery.OPEN, remote=remote, accepted=2),
        session(4, name="Ruth Weiss", problem=away, retry_at=NOW + 45, attempts=3),
        session(5, name="Tomás Ortega", problem=out, attempts=1),
        session(
            26, name="Ines Carvalho", outcome=Outcome.PARTIAL,
            gaps=(Gap(SAMPLE_RATE * 20, 3.2, "the microphone was unplugged"),), **done,
        ),
        session(27, name="", outcome=Outcome.COMPLETED, **done),
        session(50, name="Peter Novák", cancelled_at=NOW - 3600),
        session(51, name="Li Na", outcome=Outcome.FAILED, **done),
    ]  # fmt: skip


@dataclass
class ScriptedLine:
    """Satisfies `ui.line.Line`. What was asked of it stands in `asked`."""

    stored: dict[SessionId, Session] = field(default_factory=dict)
    results_of: dict[SessionId, list[ResultsVersion]] = field(default_factory=dict)
    preferences: Settings = field(default_factory=Settings)
    locked: frozenset[str] = frozenset()
    offered: Offer = OFFER
    has_sound: bool = True
    loudness: Level = field(default_factory=lambda: Level(-22.0, -14.0))
    spoken_s: float = 0.0
    kept: bool = True
    plugged: tuple[MicrophoneChoice, ...] = (
        MicrophoneChoice("usb-1", "SpeechMike Premium", is_default=True),
        MicrophoneChoice("pci-0", "Built-in microphone"),
    )
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refuse: dict[str, ScribeError] = field(default_factory=dict)
    listeners: list[Callable[[Notice], None]] = field(default_factory=list)

    @classmethod
    def with_sessions(cls) -> "ScriptedLine":
        line = cls({one.session_id: one for one in scripted_sessions()})
        for one in line.stored.values():
            if one.delivery is Delivery.RESOLVED and one.outcome is not Outcome.FAILED:
                line.results_of[one.session_id] = [
                    ResultsVersion(1, Author.SERVICE, NOW, results())
                ]
        return line

    # --- for the script ---
    def tell(self, notice: Notice) -> None:
        for listener in tuple(self.listeners):
            listener(notice)

    def tell_from_thread(self, notice: Notice) -> None:
        thread = threading.Thread(target=self.tell, args=(notice,))
        thread.start()
        thread.join()

    def happen(self, session_id: SessionId, *events: Event) -> None:
        """Fold events in and say so."""
        for event in events:
            self.stored[session_id] = apply(self.stored[session_id], event)
            self.tell(SessionChanged(self.stored[session_id]))

    def lose_sound(self, state: MicrophoneState) -> None:
        """The microphone of what runs is gone, or stands still."""
        self.has_sound = False
        self.tell(MicrophoneChanged(state, "No sound arrives.", "Connect the microphone again."))

    def find_sound(self) -> None:
        """It is heard again."""
        self.has_sound = True
        self.tell(MicrophoneChanged(MicrophoneState.HEARD))

    def heard(self) -> None:
        running = self.running()
        assert running is not None
        self.happen(running.session_id, SpeechStarted(NOW))

    def understood(self, text: str) -> None:
        running = self.running()
        assert running is not None
        self.tell(LiveText(running.session_id, text))

    def resolve(self, session_id: SessionId, answer: Results) -> None:
        self.stored[session_id] = replace(
            self.stored[session_id],
            delivery=Delivery.RESOLVED,
            outcome=answer.outcome,
            accepted=self.stored[session_id].chunks,
            resolved_at=NOW,
        )
        self.results_of[session_id] = [ResultsVersion(1, Author.SERVICE, NOW, answer)]
        self.tell(ResultsStored(session_id))
        self.tell(SessionChanged(self.stored[session_id]))

    def _ask(self, name: str, value: Any = None) -> None:
        self.asked.append((name, value))
        if name in self.refuse:
            raise self.refuse[name]

    # --- ui.line.Line ---
    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def start(self, order: Order | None = None) -> SessionId:
        self._ask("start", order)
        session_id = SessionId(f"ses_{len(self.stored) + 4096:024x}")
        order = order or self.usual_order()
        self.stored[session_id] = Session(session_id, NOW, order)
        self.spoken_s = 0.0
        self.tell(SessionChanged(self.stored[session_id]))
        return session_id

    def usual_order(self) -> Order:
        chosen = self.preferences
        return Order(templates=chosen.templates, languages=chosen.languages)

    def _running(self) -> Session:
        running = self.running()
        assert running is not None
        return running

    def pause(self) -> None:
        self._ask("pause")
        self.happen(self._running().session_id, Paused())

    def resume(self) -> None:
        self._ask("resume")
        self.happen(self._running().session_id, Resumed())

    def still_here(self) -> None:
        self._ask("still_here")

    def stop(self) -> None:
        self._ask("stop")
        running = self._running()
        events: list[Event] = [Stopped(NOW)]
        if running.capture is not Capture.STARTING:
            events.insert(0, ChunkSealed(running.chunks, SAMPLE_RATE * 9))
        self.happen(running.session_id, *events)

    def cancel(self) -> None:
        self._ask("cancel")
        session_id = self._running().session_id
        self.happen(session_id, Stopped(NOW), Cancelled(NOW))

    def running(self) -> Session | None:
        open_ones = (s for s in self.stored.values() if s.capture is not Capture.STOPPED)
        return next(open_ones, None)

    def is_kept(self, timeout_s: float) -> bool:
        return self.kept

    def recorded_s(self) -> float:
        return self.spoken_s

    def level(self) -> Level:
        return self.loudness

    def is_heard(self) -> bool:
        return self.has_sound

    def sessions(self) -> tuple[Session, ...]:
        return tuple(sorted(self.stored.values(), key=lambda one: -one.created_at))

    def session(self, session_id: SessionId) -> Session:
        return self.stored[session_id]

    def dictation(self, session_id: SessionId) -> Dictation:
        return Dictation(linked(self.sessions(), session_id), {})

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        return tuple(self.results_of.get(session_id, ()))

    def shown_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        return shown_versions(self.versions(session_id), self.stored[session_id], self.preferences)

    def heard_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        return heard_versions(self.versions(session_id), self.stored[session_id])

    def bookmark(self, session_id: SessionId, at_frame: int, *, wanted: bool = True) -> None:
        self._ask("bookmark", (session_id, at_frame, wanted))
        self.happen(session_id, Bookmarked(at_frame) if wanted else BookmarkRemoved(at_frame))

    def bookmark_now(self) -> None:
        self._ask("bookmark_now")

    def edit(self, session_id: SessionId, results: Results) -> None:
        self._ask("edit", session_id)
        versions = self.results_of[session_id]
        versions.append(ResultsVersion(len(versions) + 1, Author.CLINICIAN, NOW, results))
        self.tell(ResultsStored(session_id))

    def amend(self, session_id: SessionId, order: Order) -> None:
        self._ask("amend", order)
        self.stored[session_id] = replace(self.stored[session_id], order=order)
        self.tell(SessionChanged(self.stored[session_id]))

    def discard(self, session_id: SessionId) -> None:
        self._ask("discard", session_id)
        for part in linked(self.sessions(), session_id):
            self.happen(part.session_id, Cancelled(NOW))

    def restore(self, session_id: SessionId) -> None:
        self._ask("restore", session_id)
        for part in linked(self.sessions(), session_id):
            self.happen(part.session_id, Restored())

    def send_now(self, session_id: SessionId | None = None) -> None:
        self._ask("send_now", session_id)
        if session_id is not None:
            self.happen(session_id, Released())

    def import_file(self, path: str, order: Order | None = None) -> SessionId:
        self._ask("import_file", path)
        return SessionId("ses_imported")

    def settings(self) -> Settings:
        return self.preferences

    def set_setting(self, name: str, value: Any) -> None:
        self._ask("set_setting", (name, value))
        self.preferences = with_value(self.preferences, name, value)
        self.tell(SettingChanged(name))

    def locked_settings(self) -> frozenset[str]:
        return self.locked

    def offer(self) -> Offer:
        return self.offered

    def change_offer(self, offer: Offer) -> None:
        self.offered = offer
        self.tell(OfferChanged(offer))

    def microphones(self) -> tuple[MicrophoneChoice, ...]:
        return self.plugged
