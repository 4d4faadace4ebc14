"""Puts the program together, starts it, takes it apart: the one module that knows everything."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from scribe_desktop.domain.audit import AuditLine, Head, clinician
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.events import Cancelled
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import (
    LiveText,
    Notice,
    RecordingsOpened,
    SettingChanged,
    Trouble,
)
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.parting import parting
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.domain.steps import Rest, next_step
from scribe_desktop.line import Line
from scribe_desktop.services.address import Tokens
from scribe_desktop.services.client import Client
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.directory import Directory
from scribe_desktop.services.disk_news import DiskNews
from scribe_desktop.services.keeper import keep_house
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.local_service import Keep, LocalService, service_key
from scribe_desktop.services.logs import start_logging
from scribe_desktop.services.places import Places
from scribe_desktop.services.policy_file import machine_policy
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.preferences import Preferences
from scribe_desktop.services.proxy import use_proxy
from scribe_desktop.services.room import low_room
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.settings_file import SettingsFile
from scribe_desktop.services.signin import Accounts
from scribe_desktop.services.streamer import Streamer
from scribe_desktop.services.unlocking import Unlocking
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.worker import Worker
from scribe_desktop.wiring.computer import Computer, prepare_main_thread
from scribe_desktop.wiring.hearing import Hearing, decode
from scribe_desktop.wiring.strongroom import OPEN_AGAIN, Strongroom
from scribe_desktop.wiring.typed_text import TypedText

log = logging.getLogger(__name__)

LEAVE_LIMIT_S = 2.5
"""All of leaving, without what the interpreter needs to end."""

SEAL_LIMIT_S = 2.0
"""How long leaving waits for the last chunk: the part of it that must succeed."""

WORKER_LIMIT_S = 1.0

WITHDRAW_LIMIT_S = 10.0
"""How long deleting waits for the service to hear of it."""

LOOK_EVERY_S = 5.0
RETENTION_EVERY_S = 3600.0


class NoWindow(ScribeError):
    """The process that holds the recordings has no window."""


class Window(Protocol):
    """The window, as other threads may speak to it."""

    @property
    def is_sent_away(self) -> bool:
        """Whether the system ends the program, not the person in front of it."""

    def show(self) -> None:
        """Bring it to the front."""

    def microphones_changed(self) -> None:
        """A microphone came or went."""


class Program:
    """The whole program without a window, from `with` to the end of it."""

    def __init__(
        self,
        places: Places,
        unlocking: Unlocking | None = None,
        *,
        may_record: bool = False,
        hearing: type[Hearing] = Hearing,
        on_wait: Callable[[ScribeError], None] = lambda _: None,
    ) -> None:
        prepare_main_thread()
        self.places = places
        self._housekeeping = Worker("housekeeping", self._keep_house)
        self._kept_at = 0.0
        self.window: Window | None = None
        self.parting: ScribeError | None = None
        self._starting = threading.Lock()
        self._looking_after = False
        self._delivering = False
        start_logging(places.logs)
        self.credentials = Credentials(places.keyring_name, places.config)
        self.accounts = Accounts(
            self.credentials,
            on_deed=lambda deed, host, who: self._spool.audit(deed, detail=host, who=who),
            patience_for=lambda service: self.line.settings().patience_for(service),
        )
        self.strongroom = Strongroom(places, unlocking, may_record=may_record, on_wait=on_wait)
        self._spool = self.strongroom.spool
        loaded = SettingsFile(places.config).load()
        policy = machine_policy()
        self.complaints = loaded.complaints + policy.complaints
        disk = DiskNews(self._tell)
        self._preferences = preferences = Preferences(
            SettingsFile(places.config), loaded.settings, policy.values, LateWrites(disk.voice())
        )
        use_proxy(preferences.load().proxy)
        self._child = LocalService(
            places.service,
            lambda: service_key(self.strongroom.key()),
            log_file=places.logs / "service.log",
            keep=self._keep,
        )
        self._directory = Directory(
            self._child,
            self._spool,
            self._tokens_for,
            self._tell,
            lambda service: self.line.settings().patience_for(service),
            is_locked=lambda: self.strongroom.is_locked,
        )
        self._streamer = Streamer(
            self._spool,
            self.client_for,
            decode,
            fell_back=lambda: self._uploader.wake(),  # noqa: PLW0108  it is made below
            on_live_text=self._live_text,
        )
        self._uploader = Uploader(
            self._spool,
            self.client_for,
            on_trouble=self._tell,
            is_streamed=self._streamer.takes,
            formats_of=lambda service: self._directory.offer(service).audio_formats,
        )
        self._poller = Poller(
            self._spool,
            self.client_for,
            on_live_text=self._live_text,
            has_live_text=self._has_live_text,
            on_trouble=self._tell,
        )
        self.hearing = hearing(
            self._spool,
            lambda: self.line.settings(),  # noqa: PLW0108  it is made below
            before_recording=self.foretell_room,
            on_change=self._microphones_changed,
        )
        self.line = Line(
            store=self._spool,
            settings=preferences,
            services=self._directory,
            uploader=self._uploader,
            poller=self._poller,
            microphones=lambda: self.hearing.microphones().choices(),
            record_microphone=self.hearing.record_microphone,
            record_file=self.hearing.record_file,
            now=time.time,
            disk=disk,
        )
        self.line.subscribe(self._obey_setting)
        self.computer = Computer(self.line)
        self.typed_text = TypedText(self._spool, self._directory.prepare, time.time)
        self.strongroom.when_open(self._unlocked, self._tell_error)

    def __enter__(self) -> Self:
        self.strongroom.recover()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave within three seconds, whatever network, disk and sound system do."""
        until = time.monotonic() + LEAVE_LIMIT_S
        ends: list[Callable[[], object]] = [
            self._seal,
            self.strongroom.leave,
            self._directory.abort,
            self.accounts.abort,
        ]
        if self._looking_after:
            ends += [
                lambda: self._housekeeping.stop(WORKER_LIMIT_S),
                lambda: self.computer.stop(WORKER_LIMIT_S),
            ]
        if self._delivering:
            ends += [
                lambda: self._streamer.stop(WORKER_LIMIT_S),
                lambda: self._uploader.stop(WORKER_LIMIT_S),
                lambda: self._poller.stop(WORKER_LIMIT_S),
            ]
        at_once([*ends, self._child.stop], until)
        # Only now: a microphone gives its last blocks while it is being sealed.
        last = [self.strongroom.close, self._directory.close, self.hearing.close]
        at_once(last, until + 0.3)

    def _seal(self) -> None:
        until = time.monotonic() + SEAL_LIMIT_S
        unkept_s = self.line.close(SEAL_LIMIT_S)
        is_settled = self.settle(until - time.monotonic())
        self.parting = parting(unkept_s, is_settled=is_settled)
        if self.parting is not None:
            log.critical("not on disk: %.1f s of speech; changes: %s", unkept_s, not is_settled)

    def settle(self, timeout_s: float) -> bool:
        """Wait until all that was changed is on disk; whether it is there in time."""
        until = time.monotonic() + timeout_s
        in_spool = self.line.settle(max(timeout_s, 0.0))
        return self._preferences.settle(max(until - time.monotonic(), 0.0)) and in_spool

    def client(self, service: ServiceRef) -> Client:
        """The client of a service, to ask for what lies around a dictation."""
        return self._directory.client(service)

    def deliver(self) -> None:
        """From now on send and collect what is pending; a command that only looks does not."""
        with self._starting:
            if not self._looking_after:
                self._looking_after = True
                self._housekeeping.start()
                self.computer.start()
            # Tokens, and the service of this computer, are behind the keyring too.
            if not self._delivering and not self.strongroom.is_locked:
                self._delivering = True
                self._streamer.start()
                self._spool.subscribe(lambda _: self._streamer.wake())
                self._uploader.start()
                self._poller.start()

    @property
    def opening_notices(self) -> tuple[ScribeError, ...]:
        """What is to be said of the recordings as they were opened."""
        return self.strongroom.notices

    def _unlocked(self) -> None:
        """On the thread that waited for the keyring: what waited for it goes on."""
        if self._looking_after:
            self.deliver()
        # One look at all: told one by one, each of hundreds would have the list made anew.
        self._tell(RecordingsOpened())
        for notice in self.opening_notices:
            self._tell_error(notice)
        self._tell(Trouble(OPEN_AGAIN))
        if self._looking_after:
            # Last: there may be no service of the chosen name.
            self.line.prepare()

    def _tell_error(self, error: ScribeError) -> None:
        self._tell(Trouble(error.message, error.remedy))

    def show_window(self) -> None:
        """Bring the window to the front."""
        if self.window is None:
            raise NoWindow(
                "A dictation without a window is running, and it goes on.",
                "Open the window when it is done.",
            )
        self.window.show()

    def _keep(self) -> Keep:
        settings = self.line.settings()
        return Keep(settings.keep_audio_hours, settings.keep_notes_days)

    def delete(self, session_id: SessionId, *, limit_s: float = WITHDRAW_LIMIT_S) -> bool:
        """Delete one session for good; returns whether its service may still hold a copy.

        `wiring.custody` deletes a whole dictation, which may be several of them.
        The service is told first, for which this waits `limit_s` at most.
        """
        if self._spool.get(session_id).capture is not Capture.STOPPED:
            raise ScribeError("That dictation is still being recorded.", "Stop it first.")
        over = threading.Event()

        def look(session: Session) -> None:
            # At rest: the service was told, has nothing, or cannot be reached.
            if session.session_id == session_id and _is_at_rest(session):
                over.set()

        unsubscribe = self._spool.subscribe(look)
        cancelled = Cancelled(time.time())
        self._spool.update(session_id, lambda session: apply(session, cancelled))
        self.deliver()
        # A person waits for this, so it does not wait for what the service asked for.
        self._uploader.release(session_id)
        look(self._spool.get(session_id))
        over.wait(limit_s)
        unsubscribe()
        last = self._spool.get(session_id)
        self._spool.delete(session_id)
        return last.remote is not None and not last.withdrawn

    def audit(self, action: str, session_id: str = "", detail: str = "") -> None:
        """Write down a deed that leaves no trace in a session, such as an export."""
        known = {session.session_id: session.order.service for session in self._spool.sessions()}
        service = known.get(SessionId(session_id)) or self.line.usual_order().service
        self._spool.audit(action, session_id, detail, who=clinician(service))

    def audit_lines(self) -> tuple[AuditLine, ...]:
        """Every deed on this computer, oldest first."""
        return self._spool.audit_lines()

    def audit_head(self) -> Head | None:
        """Where the audit ends, kept apart from its lines."""
        return self._spool.audit_head()

    def damaged_stores(self) -> int:
        """How many damaged stores were set aside and are still here."""
        return self.strongroom.damaged()

    def altered_recordings(self) -> tuple[int, tuple[SessionId, ...]]:
        """How many recordings were held against their receipts, and which are altered."""
        from scribe_desktop.services.receipt_check import altered_recordings

        return altered_recordings(self._spool)

    def export_key(self, passphrase: Secret) -> str:
        """The key of the recordings, locked with a passphrase; raises CredentialError."""
        locked = self.strongroom.export_key(passphrase)
        self.audit("key exported")
        return locked

    def import_key(self, text: str, passphrase: Secret) -> int:
        """Open what was set aside for want of this key; returns how many sessions came back."""
        count = self.strongroom.import_key(text, passphrase, self.credentials)
        self.audit("key imported")
        return count

    def _keep_house(self) -> float:
        """On its thread: look after the running dictation, and hourly after the rest."""
        self.line.look_after()
        now = time.time()
        if not 0 <= now - self._kept_at < RETENTION_EVERY_S:
            self._kept_at = now
            keep_house(self._spool, self.line.settings(), now)
        return now + LOOK_EVERY_S

    def _tell(self, notice: Notice) -> None:
        self.line.tell(notice)

    def _live_text(self, session_id: SessionId, text: str) -> None:
        self.line.tell(LiveText(session_id, text))

    def _has_live_text(self, session: Session) -> bool:
        model = self._directory.offer(session.order.service).model(session.order.model)
        return model is not None and model.live_text

    def foretell_room(self) -> None:
        """Say so when the disk has room for a few hours of dictation only, or less."""
        if scarce := low_room(self.places.data):
            # No trouble yet: not with a voice of `DiskNews`, which waits for the end of it.
            self._tell(scarce)

    def _obey_setting(self, notice: Notice) -> None:
        # Only a window stays: a command that ends has no use for an open microphone.
        if self.window is None or not isinstance(notice, SettingChanged):
            return
        if notice.name in ("keep_microphone_ready", "microphone"):
            self.hearing.apply_settings()

    def _microphones_changed(self) -> None:
        if self.window is not None:
            self.window.microphones_changed()

    def client_for(self, session: Session) -> Client:
        """Whoever speaks to the service this session belongs to."""
        return self._directory.client(session.order.service)

    def _tokens_for(self, service: ServiceRef) -> Tokens:
        return self.accounts.tokens(service)


def _is_at_rest(session: Session) -> bool:
    return isinstance(next_step(session, time.time()), Rest)


def at_once(ends: Sequence[Callable[[], object]], until: float) -> None:
    """Call all of them on threads of their own, so that one that hangs does not cost the others.

    Returns when all are done, or at `until` by the monotonic clock; what hangs
    then dies with the program.
    """

    def call(end: Callable[[], object]) -> None:
        try:
            end()
        except ScribeError as error:
            # A disk that refuses the last words of the store loses nothing: it opens again.
            log.warning("left with %s", type(error).__name__)

    threads = [threading.Thread(target=call, args=(end,), daemon=True) for end in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0.0))
