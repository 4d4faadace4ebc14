"""The line from the microphone to the note, without a window.

It owns which dictation runs, and nothing else: everything that matters is in
the spool, and the recorder, the uploader and the poller read it from there.
Every method may be called from any thread and returns at once except where
`ui.line.Line`, the interface that it satisfies, says that it may wait.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from scribe_desktop.at_work import AtWork
from scribe_desktop.collaborators import (
    AskingWorker,
    Listener,
    OpenFile,
    ReleasingWorker,
    Services,
    SettingsStore,
    StartRecorder,
    Store,
)
from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.dictation import linked
from scribe_desktop.domain.errors import DiskFull, ScribeError, UnknownSession
from scribe_desktop.domain.events import (
    Cancelled,
)
from scribe_desktop.domain.notices import (
    Level,
    MicrophoneChoice,
    Notice,
    ResultsStored,
    SessionChanged,
    SettingChanged,
)
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Order, ServiceRef, UploadType
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ordering import cuts_for, service_named, upload_type_for, usual_order
from scribe_desktop.prompt_store import PromptStore
from scribe_desktop.rolling_over import RollingOver, new_session_id
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.disk_news import DiskNews
from scribe_desktop.services.late_write import PATIENCE_S, LateWrites
from scribe_desktop.stored_dictations import StoredDictations

PROMISED_S = 1.0
"""So much of what was spoken may be in memory only."""


class Line(StoredDictations):
    """Microphone to note. Built by `app`, used by the window and the commands."""

    def __init__(
        self,
        *,
        store: Store,
        settings: SettingsStore,
        services: Services,
        uploader: ReleasingWorker,
        poller: AskingWorker,
        microphones: Callable[[], tuple[MicrophoneChoice, ...]],
        record_microphone: StartRecorder,
        record_file: OpenFile,
        now: Callable[[], float],
        since_boot: Callable[[], float] = since_boot,
        patience_s: float = PATIENCE_S,
        disk: DiskNews | None = None,
    ) -> None:
        self._spool = store
        self._disk = disk or DiskNews(self.tell)
        self._writes = LateWrites(self._disk.voice(), patience_s=patience_s)
        super().__init__(
            PromptStore(store, self._writes, now), now, lambda: self._settings, self.tell
        )
        self._settings_store = settings
        self._services = services
        self._uploader = uploader
        self._poller = poller
        self._microphones = microphones
        self._record_microphone = record_microphone
        self._record_file = record_file
        self._lock = threading.RLock()
        self._settings = settings.load()
        self._listeners: list[Listener] = []
        self._at_work = AtWork()
        self._rolling_over = RollingOver(store, services, now, since_boot, self.tell)
        self._store.subscribe(self._session_changed)

    # --- telling ---

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every notice, from any thread; the return value ends it."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def tell(self, notice: Notice) -> None:
        """Hand a notice to every listener, on the calling thread."""
        for listener in tuple(self._listeners):
            listener(notice)

    def _session_changed(self, session: Session) -> None:
        self._uploader.wake()
        self._poller.wake()
        if session.resolved_at is not None:
            # On this thread and before anybody hears of it: for an hour of speech it takes
            # long enough to stop a window, which finds it written when it asks.
            with suppress(ScribeError):
                self.shown_versions(session.session_id)
        self.tell(SessionChanged(session))
        if session.resolved_at is not None:
            self.tell(ResultsStored(session.session_id))

    # --- the running dictation ---

    def start(
        self,
        order: Order | None = None,
        *,
        microphone: str | None = None,
        session_id: SessionId | None = None,
        follows: SessionId | None = None,
    ) -> SessionId:
        """Begin a dictation; nothing that a service or network does can delay it.

        One that `follows` another is told together with it, as one.
        """
        with self._lock:
            if self.running() is not None:
                raise ScribeError(
                    "A dictation is running already, and it goes on.",
                    "Stop it first, then start the next one.",
                )
            session = self._new_session(order, session_id, follows)
            name = self._settings.microphone if microphone is None else microphone
            cuts = cuts_for(session.order, self._services)
            tell = self._disk.voice(of_speech=True)
            recording = self._record_microphone(session.session_id, cuts, name, tell)
            self._at_work.begin_at_microphone(session.session_id, recording)
        self._services.prepare(session.order.service)
        return session.session_id

    def continue_dictation(self, session_id: SessionId) -> SessionId:
        """Record more for an earlier dictation: same patient, same service, told as one."""
        last = self.dictation(session_id).last
        return self.start(last.order, follows=last.session_id)

    def import_file(
        self, path: str, order: Order | None = None, *, session_id: SessionId | None = None
    ) -> SessionId:
        """Dictate a recording, faster than it was spoken; raises AudioFileError."""
        session = self._new_session(order, session_id, imported=True)
        self._services.prepare(session.order.service)
        cuts = cuts_for(session.order, self._services)
        try:
            tell = self._disk.voice(of_speech=True)
            recording = self._record_file(session.session_id, cuts, path, tell)
        except ScribeError:
            self._apply(session.session_id, Cancelled(self._now()))
            raise
        self._at_work.begin_from_file(session.session_id, recording)
        return session.session_id

    def pause(self) -> None:
        """Stop listening for a moment."""
        if running := self._at_work.find():
            running.pause()

    def resume(self) -> None:
        """Listen again."""
        if running := self._at_work.find():
            running.resume()

    def still_here(self) -> None:
        """The clinician says that the dictation was not forgotten."""
        if running := self._at_work.find():
            running.still_here()

    def stop(self, session_id: SessionId | None = None) -> None:
        """End the running dictation, or the one named, and deliver what was spoken."""
        if recording := self._at_work.find(session_id):
            recording.stop()

    def cancel(self) -> None:
        """End the running dictation and set all of it aside; one that is over stays as it is."""
        running = self._at_work.at_microphone
        if running is None or self.running() is None:
            return
        first, recording = running
        cancelled = Cancelled(self._now())
        for part in self._recorded_from(first):
            self._apply(part, cancelled)
        recording.stop()

    def _recorded_from(self, first: SessionId) -> tuple[SessionId, ...]:
        """That session and those that its recording rolled over into, in order."""
        if not self.knows(first):
            return (first,)
        chain = [one.session_id for one in linked(self._store.sessions(), first)]
        return tuple(chain[chain.index(first) :])

    def obey(self, command: str) -> None:
        """Carry out a one-word command from a key, a pedal or another process."""
        if command == "toggle":
            command = "stop" if self.running() else "start"
        if command == "start" and self.running():
            return
        deeds: dict[str, Callable[[], object]] = {
            "start": self.start,
            "stop": self.stop,
            "pause": self.pause,
            "resume": self.resume,
            "cancel": self.cancel,
        }
        deeds[command]()

    def running(self) -> Session | None:
        """The dictation that records or is paused, if any."""
        # Without the lock, which is held while a dictation begins.
        running = self._at_work.at_microphone
        if running is None:
            return None
        try:
            session = self._store.get(running[1].session_id)
        except UnknownSession:
            # It is over, and was deleted for good since.
            return None
        return None if session.capture is Capture.STOPPED else session

    def recorded_s(self, session_id: SessionId | None = None) -> float:
        """Seconds recorded in the running dictation, or in the one named."""
        recording = self._at_work.find(session_id)
        return seconds(recording.recorded_frames) if recording else 0.0

    def level(self) -> Level:
        """How loud it is now."""
        recording = self._at_work.find()
        return recording.level() if recording else Level()

    def is_heard(self) -> bool:
        """Whether sound arrives for the running dictation; also where none runs."""
        recording = self._at_work.find()
        return recording is None or recording.is_heard

    def bookmark_now(self) -> None:
        """Mark what is being said, if a dictation runs."""
        running = self._at_work.at_microphone
        if running is None:
            return
        first, recording = running
        present = recording.session_id
        chain = self._recorded_from(first)
        # The recorder counts over all sessions of this recording, a bookmark in its own.
        before = sum(self._store.get(one).frames for one in chain[: chain.index(present)])
        at_frame = max(recording.recorded_frames - before, 0)
        self.bookmark(present, at_frame)

    def send_now(self, session_id: SessionId | None = None) -> None:
        """Try at once what waits; what is on the line goes on, unless nothing moves there."""
        self._writes.within(partial(self._uploader.release, session_id))
        self._poller.ask_now()

    def reconnect(self) -> None:
        """Try everything at once on new connections: the computer slept, or its network is back."""
        self._writes.within(partial(self._uploader.release, is_network_new=True))
        self._poller.ask_now(is_network_new=True)

    # --- around it ---

    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    def set_setting(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Change and store one setting."""
        try:
            self._settings_store.set(name, value)
        finally:
            # In force also where the disk refused it.
            self._settings = self._settings_store.load()
            if name in ("service", "profiles"):
                self.prepare()
            self.tell(SettingChanged(name))

    def locked_settings(self) -> frozenset[str]:
        """Names that a machine-wide policy fixes."""
        return self._settings_store.locked()

    def usual_order(self) -> Order:
        """What the clinician asks for when nothing else is said."""
        return usual_order(self._settings, self._services)

    def upload_type_for(self, service: ServiceRef) -> UploadType:
        """How audio goes to that service, as the clinician chose and the service offers."""
        return upload_type_for(service, self._settings, self._services)

    def service_named(self, name_or_url: str, dialect: str = "") -> ServiceRef:
        """The service of that name, or at that URL; raises SettingsError."""
        return service_named(name_or_url, self._settings, self._services, dialect)

    def use_token(self, service: ServiceRef, token: str) -> None:
        """Use this Bearer token for a service until the program ends."""
        self._services.use_token(service, token)

    def prepare(self) -> None:
        """Get the chosen service ready before it is needed, in the background."""
        self._services.prepare(self.usual_order().service)

    def offer(self) -> Offer:
        """What the chosen service offers, as last known."""
        return self._services.offer(self.usual_order().service)

    def microphones(self) -> tuple[MicrophoneChoice, ...]:
        """The microphones there are; may wait up to two seconds."""
        return self._microphones()

    def state(self) -> dict[str, Any]:
        """The running dictation in one object, for a terminal; no patient in it."""
        session = self.running()
        return {
            "state": str(session.capture) if session else "idle",
            "session_id": session.session_id if session else None,
            "recorded_s": round(self.recorded_s(), 1) if session else 0.0,
        }

    def look_after(self) -> None:
        """Called every few seconds: move on to a linked session before the service's limit."""
        session, recording = self.running(), self._at_work.find()
        if session is not None and recording is not None:
            self._rolling_over.look_at(session, recording)

    def is_hearing(self) -> bool:
        """Whether a microphone is being recorded now: not paused, and not a file."""
        running = self.running()
        return running is not None and running.capture is Capture.RECORDING

    def make_safe(self, timeout_s: float) -> bool:
        """Write all that was spoken to disk, before a sleep; whether it is there in time."""
        recording = self._at_work.find()
        return recording is None or recording.make_safe(timeout_s)

    def settle(self, timeout_s: float) -> bool:
        """Wait until all that was asked for is on disk; whether it is there in time."""
        return self._writes.settle(timeout_s)

    def is_refused(self) -> bool:
        """Whether the disk has refused something that still waits for it."""
        return self._writes.is_refused()

    def is_kept(self, timeout_s: float) -> bool:
        """Wait a moment until all that was spoken and changed is on disk; whether it is."""
        recording = self._at_work.find()
        loose_s = seconds(recording.unkept_frames) if recording else 0.0
        return self._writes.settle(timeout_s) and loose_s < PROMISED_S

    def close(self, timeout_s: float) -> float:
        """Stop and seal what records: the one part of leaving that must succeed.

        Returns the seconds of speech that the disk did not take in time; they
        are lost when the program ends.
        """
        return self._at_work.close(timeout_s)

    # --- inside ---

    def _new_session(
        self,
        order: Order | None,
        session_id: SessionId | None = None,
        follows: SessionId | None = None,
        *,
        imported: bool = False,
    ) -> Session:
        session = Session(
            session_id=session_id or new_session_id(),
            created_at=self._now(),
            order=order or self.usual_order(),
            follows=follows,
            imported=imported,
        )
        try:
            self._store.add(session)
        except DiskFull as error:
            raise DiskFull(
                "The disk of this computer takes nothing, so nothing was recorded.",
                "Free some space, then start again.",
            ) from error
        return session
