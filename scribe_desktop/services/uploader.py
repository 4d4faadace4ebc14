"""Hands recorded dictations to their services: create, upload in order, end.

Everything it does is an order of `next_step`, and everything it learns is an
event in the spool, so it can be stopped or killed anywhere. The oldest session
goes first; one that its service refuses never holds up the next, while a
network that is away makes everything for that service wait together.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from scribe_desktop.domain.audio import AudioForm, EncodedChunk, form_after, offered_form
from scribe_desktop.domain.errors import (
    AudioFileError,
    Retry,
    ScribeError,
    ServiceError,
    SpoolError,
    UnknownSession,
)
from scribe_desktop.domain.events import (
    AmendmentTold,
    ChunkAccepted,
    Created,
    DeliveryFailed,
    EndAccepted,
    EndSent,
    Event,
    FormChosen,
    Lapsed,
    OrderAmended,
    PiecesChosen,
    Released,
    TargetRenewed,
    Withdrawn,
)
from scribe_desktop.domain.machine import IllegalEvent, apply
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import Order, ServiceRef, UploadType
from scribe_desktop.domain.pieces import finer
from scribe_desktop.domain.schedule import LONGEST_RETRY_S, retry_delay_s
from scribe_desktop.domain.session import Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.domain.steps import (
    Amend,
    Create,
    End,
    Poll,
    Rest,
    SendText,
    Upload,
    Withdraw,
    next_step,
)
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import Finished, Gone, Processing
from scribe_desktop.services.anew import (
    counted,
    is_hopeless,
    is_sent_again,
    sent_afresh,
    sent_whole_again,
)
from scribe_desktop.services.delivery_sides import DeliveryClient, DeliverySpool
from scribe_desktop.services.lanes import STUCK_LINE_S, Lanes
from scribe_desktop.services.outgoing import outgoing
from scribe_desktop.services.patience import CLOCK_MOVED_S, Patience
from scribe_desktop.services.typed_text import hand_over, typed_text

_log = logging.getLogger(__name__)

_RELEASED = Released()

_OwnStep: TypeAlias = Create | Amend | Upload | End | SendText | Withdraw


class _UnreadableHere(Exception):
    """What is to be sent cannot be read on this computer; no service had a part in it."""

    def __init__(self, why: ScribeError) -> None:
        super().__init__(type(why).__name__)
        self.why = why


class Uploader:
    """The upload worker: one lane for each service.

    `client_for` is called on a lane's thread before each step. `is_streamed`
    says whether a running stream takes care of a session's audio. `formats_of`
    is what a service said it takes, as last known, without asking it.
    """

    def __init__(
        self,
        spool: DeliverySpool,
        client_for: Callable[[Session], DeliveryClient],
        now: Callable[[], float] = time.time,
        spread: Callable[[], float] = random.random,
        on_trouble: Callable[[Trouble], None] = lambda _: None,
        *,
        is_streamed: Callable[[SessionId], bool] = lambda _: False,
        formats_of: Callable[[ServiceRef], tuple[str, ...]] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._client_for = client_for
        self._now = now
        self._spread = spread
        self._on_trouble = on_trouble
        self._is_streamed = is_streamed
        self._formats_of = formats_of
        self._patience = Patience(now, clock, spread)
        # What a service was seen to need, so that the next dictation begins with it.
        self._forms: dict[ServiceRef, AudioForm] = {}
        self._clients: dict[ServiceRef, DeliveryClient] = {}
        # Files that may have arrived: no reply came. After a start nothing is known of them.
        self._unanswered: set[tuple[str, int]] = set()
        self._releases = 0
        self._lanes = Lanes("upload", self._services, self.step, now=now, on_trouble=on_trouble)

    def start(self) -> None:
        """Begin to deliver what waits; a long wait ends, for nobody knows what the clock did."""
        for session in self._spool.sessions():
            if (
                session.retry_at is not None
                and session.retry_at > self._now() + LONGEST_RETRY_S * 1.3
            ):
                self._release(session)
        self._lanes.start()

    def wake(self) -> None:
        """Something changed in the spool; from any thread, returns at once."""
        self._lanes.wake()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop, cutting off what is in flight; returns whether all threads have ended."""
        self._lanes.tell_to_stop()
        for client in list(self._clients.values()):
            client.abort()
        return self._lanes.stop(timeout_s)

    def release(self, session_id: SessionId | None = None, *, is_network_new: bool = False) -> None:
        """Try at once what waits: one session, or all when somebody signed in, or asked.

        One that its service will never finish is delivered anew, because somebody asked.
        What is on the line goes on as long as bytes move; with `is_network_new`, after a sleep
        or when the network came back, it begins again: its socket may be dead and not know it.
        """
        self._releases += 1
        self._patience.end_all()
        for client in list(self._clients.values()):
            client.cut(0.0 if is_network_new else STUCK_LINE_S)
        for session in self._spool.sessions():
            waits = session.problem is not None or session.retry_at is not None
            if waits and session_id in (None, session.session_id):
                begins_anew = session_id is not None and is_hopeless(session)
                self._release(session, Lapsed() if begins_anew else Released())
        self.wake()

    def _services(self) -> set[ServiceRef]:
        return {session.order.service for session in self._spool.sessions()}

    # --- one lane ----------------------------------------------------------------------

    def step(self, service: ServiceRef) -> float | None:
        """Do the first thing that is due for `service`; returns when to look again."""
        now = self._now()
        self._mind_the_clock(now)
        if paused_until := self._patience.paused_until(service, now):
            return paused_until
        due: float | None = None
        for session in self._in_turn(service):
            step = next_step(session, now)
            if isinstance(step, Rest):
                if step.until is not None and step.until > now + CLOCK_MOVED_S:
                    self._release(session)
                    return now
                due = _earlier(due, step.until)
            elif untold_until := self._patience.untold_until(session, now):
                due = _earlier(due, untold_until)
            elif not isinstance(step, Poll) and not self._is_streamed(session.session_id):
                self._take(session, step)
                return now
        return due

    def _mind_the_clock(self, now: float) -> None:
        """Wait no longer because the clock was set back: everything is tried at once."""
        if not self._patience.has_clock_gone_back(now):
            return
        _log.info("the clock was set back")
        self._patience.end_all()
        for session in self._spool.sessions():
            if session.retry_at is not None:
                self._release(session)

    def _in_turn(self, service: ServiceRef) -> list[Session]:
        """Its sessions, the oldest first; in trouble the one that was tried least.

        A session that hangs its service looks like a dead network. If the oldest
        were always first, two such sessions would take turns for ever.
        """
        in_trouble = self._patience.is_in_trouble(service)

        def turn(session: Session) -> tuple[int, float, str]:
            attempts = session.attempts if in_trouble else 0
            return attempts, session.created_at, session.session_id

        mine = (s for s in self._spool.sessions() if s.order.service == service)
        return sorted(mine, key=turn)

    def _take(self, session: Session, step: _OwnStep) -> None:
        service, releases = session.order.service, self._releases
        try:
            client = self._client_for(session)
            self._clients[service] = client
            self._perform(session, client, step)
        except ServiceError as error:
            self._failed(session, error, is_asked_anew=self._releases != releases)
        except _UnreadableHere as unreadable:
            self._set_back(session, unreadable.why)
        except UnknownSession:
            _log.info("%s: deleted while it was being sent", session.session_id)
        except IllegalEvent:
            # It was changed by somebody else while we were on the line, so that
            # what we learned no longer counts; the next step starts from what is.
            _log.info("%s: changed while it was being sent", session.session_id)
        else:
            self._reached(service)

    def _perform(self, session: Session, client: DeliveryClient, step: _OwnStep) -> None:
        match step:
            case Create():
                self._create(session, client)
            case Amend():
                self._tell_once(session, lambda: client.amend(_remote(session), session.order))
                self._note(session, AmendmentTold(session.order))
            case Upload(index):
                self._upload(session, client, index)
            case End(count, ask_first):
                self._end(session, client, count, ask_first=ask_first)
            case SendText(ask_first):
                self._send_text(session, client, ask_first=ask_first)
            case Withdraw():
                self._tell_once(session, lambda: client.withdraw(_remote(session)))
                self._note(session, Withdrawn())

    def _create(self, session: Session, client: DeliveryClient) -> None:
        if session.order.upload_type is UploadType.STREAM:
            session = self._note(session, OrderAmended(_chunked(session)))
        service = session.order.service
        form = self._forms.get(service) or offered_form(self._formats_of(service))
        if session.audio_form is AudioForm.WEBM and form is not AudioForm.WEBM:
            session = self._note(session, FormChosen(form))
        created = self._note(session, Created(client.create(session)))
        if created.amended:
            self._note(session, AmendmentTold(session.order))

    def _upload(self, session: Session, client: DeliveryClient, index: int) -> None:
        remote = _remote(session)
        if session.order.upload_type is UploadType.STREAM:
            # The stream broke; what it carried cannot be told from what it lost.
            self._note(session, OrderAmended(_chunked(session)))
            self._note(session, Lapsed())
            return
        chunk = self._read(session, index)
        if not self._is_same_as_before(session, chunk):
            self._lapse(session)
            return
        try:
            client.upload(remote, chunk)
        except ServiceError as error:
            self._upload_refused(session, client, index, error)
            return
        if session.audio_form is not AudioForm.WEBM:
            self._forms[session.order.service] = session.audio_form
        self._note(session, ChunkAccepted(index, remote.remote_id))

    def _upload_refused(
        self, session: Session, client: DeliveryClient, index: int, error: ServiceError
    ) -> None:
        """Go on in another way, if there is one; raises `error` otherwise."""
        if errors.refuses_the_format(error):
            self._change_form(session, error)
        elif errors.refuses_the_size(error):
            self._cut_finer(session, error)
        elif error.code == errors.FORM_EXPIRED:
            self._renew_target(session, client, error)
        elif error.code in errors.ALREADY_ENDED:
            self._lapse(session)
        elif errors.says_taken(error):
            self._look_whether_it_is_there(session, client, index, error)
        else:
            if error.status == 0:
                # Nobody answered, and it may have arrived: then a repeat may be refused.
                self._unanswered.add((_remote(session).remote_id, index))
            raise error

    def _read(self, session: Session, index: int) -> EncodedChunk:
        """File number `index` as the service gets it."""
        session_id = session.session_id
        try:
            return outgoing(
                lambda sealed: self._spool.chunk(session_id, sealed),
                index,
                session.audio_form,
                session.pieces,
            )
        except UnknownSession:
            raise
        except (SpoolError, AudioFileError) as error:
            raise _UnreadableHere(error) from error

    def _is_same_as_before(self, session: Session, chunk: EncodedChunk) -> bool:
        """Whether the service can have seen no other bytes of this chunk.

        A sealed chunk never changes; a recoded one might, after an update of the decoder.
        """
        form = session.audio_form
        if form is AudioForm.WEBM and session.pieces == 1:
            return True
        return self._spool.note_sent(session.session_id, form, session.pieces, chunk)

    def _change_form(self, session: Session, refused: ServiceError) -> None:
        """Deliver anew in a form that the service may take; raises when none is left."""
        # One refusal must not decide for the dictations behind this one; what is taken does.
        self._forms.pop(session.order.service, None)
        form = form_after(session.audio_form, self._formats_of(session.order.service))
        if form is None:
            raise refused
        _log.info("%s: the service takes no %s", session.session_id, session.audio_form)
        self._note(session, FormChosen(form))

    def _cut_finer(self, session: Session, refused: ServiceError) -> None:
        """Deliver anew in smaller files; raises when they are as small as they get.

        Never within the same remote session: numbers behind this one may be sealed
        already, and a number that was taken must not come to mean something else.
        """
        pieces = finer(session.pieces)
        if pieces is None or session.order.upload_type is not UploadType.CHUNKED:
            raise refused
        _log.info("%s: a file is too large, now %d of each chunk", session.session_id, pieces)
        self._note(session, PiecesChosen(pieces))

    def _renew_target(
        self, session: Session, client: DeliveryClient, refused: ServiceError
    ) -> None:
        answer = client.get(_remote(session))
        if not isinstance(answer, Processing):
            self._lapse(session)
            return
        if answer.remote.upload_target == _remote(session).upload_target:
            raise refused
        self._note(session, TargetRenewed(answer.remote))

    def _look_whether_it_is_there(
        self, session: Session, client: DeliveryClient, index: int, refused: ServiceError
    ) -> None:
        """The service says that it has file `index` already, and no reply of it ever came.

        Its own count decides; where it counts nothing, whether the file went out before.
        """
        remote = _remote(session)
        answer = client.get(remote)
        if not isinstance(answer, Processing) or answer.ended:
            self._lapse(session)
            return
        received = counted(session, answer.received)
        went_out = (remote.remote_id, index) in self._unanswered
        if went_out if received is None else received > index:
            self._note(session, ChunkAccepted(index, remote.remote_id))
            return
        problem = errors.taken_by_another(refused.status)
        failed = DeliveryFailed(Problem(problem.message, problem.remedy, problem.retry), None)
        self._note(session, failed)

    def _end(
        self, session: Session, client: DeliveryClient, count: int, *, ask_first: bool
    ) -> None:
        remote = _remote(session)
        if ask_first:
            answer = client.get(remote)
            if isinstance(answer, Gone):
                self._lapse(session)
                return
            if isinstance(answer, Finished) or answer.ended:
                self._ended(session, answer.received)
                return
        else:
            session = self._note(session, EndSent())
        streamed = session.order.upload_type is UploadType.STREAM
        self._ended(session, client.end(remote, 0 if streamed else count).received)

    def _ended(self, session: Session, received: int | None) -> None:
        """The service knows of the end; it may admit that it lacks files that it acknowledged."""
        received = counted(session, received)
        if not is_sent_again(session, received):
            self._note(session, EndAccepted(self._now(), received))
            return
        _log.warning("%s: %d files sent, %s received", session.session_id, session.files, received)
        now, spread, remote_id = self._now(), self._spread(), _remote(session).remote_id
        self._spool.update(
            session.session_id, lambda current: sent_whole_again(current, remote_id, now, spread)
        )

    def _send_text(self, session: Session, client: DeliveryClient, *, ask_first: bool) -> None:
        if not ask_first:
            session = self._note(session, EndSent())
        text = typed_text(self._spool, session.session_id)
        if hand_over(client, _remote(session), text, ask_first=ask_first):
            self._note(session, EndAccepted(self._now()))
        else:
            self._lapse(session)

    def _tell_once(self, session: Session, tell: Callable[[], None]) -> None:
        """Tell the service something that it may refuse: not every service can be told."""
        try:
            tell()
        except ServiceError as error:
            if error.retry in {Retry.LATER, Retry.AFTER_SIGN_IN}:
                raise
            _log.info("%s: the service takes no change (%d)", session.session_id, error.status)

    # --- what becomes of it ------------------------------------------------------------

    def _note(self, session: Session, event: Event) -> Session:
        return self._spool.update(session.session_id, lambda current: apply(current, event))

    def _failed(self, session: Session, error: ServiceError, *, is_asked_anew: bool) -> None:
        if self._lanes.is_stopping or error.code == errors.ABORTED:
            self._lanes.tell_to_stop()
            return
        is_of_before = is_asked_anew and error.retry is not Retry.FRESH_SESSION
        if error.code == errors.CUT or is_of_before:
            # Cut off it failed for nobody; and where somebody asked while it was on the line
            # nobody is to see a refusal of before that as the answer. The next step makes the
            # call again.
            return
        _log.info("%s: %s, status %d %s", session.session_id, error.retry, error.status, error.code)
        if session.delivery is Delivery.RESOLVED:
            self._patience.leave_untold(session, error)
            return
        try:
            if error.retry is Retry.FRESH_SESSION:
                self._lapse(session)
                if is_asked_anew:
                    self._release(session)
                return
            retry_at = None
            if error.retry is Retry.LATER:
                retry_at = self._patience.failed(session, error)
            problem = Problem(error.message, error.remedy, error.retry)
            self._note(session, DeliveryFailed(problem, retry_at))
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was being sent", session.session_id)

    def _set_back(self, session: Session, error: ScribeError) -> None:
        """Try it again later: a piece that cannot be read must not hold up the next dictation."""
        _log.warning("%s: not readable: %s", session.session_id, type(error).__name__)
        retry_at = self._now() + retry_delay_s(session.attempts + 1, spread=self._spread())
        problem = Problem(error.message, error.remedy, Retry.LATER)
        try:
            self._note(session, DeliveryFailed(problem, retry_at))
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was being sent", session.session_id)
            return
        if session.attempts == 0:
            self._on_trouble(Trouble(error.message, error.remedy))

    def _reached(self, service: ServiceRef) -> None:
        """The service answers: what failed only because nobody was there goes at once."""
        for session_id in self._patience.reached(service):
            try:
                self._release(self._spool.get(session_id))
            except UnknownSession:
                continue

    def _release(self, session: Session, event: Released | Lapsed = _RELEASED) -> None:
        try:
            self._note(session, event)
        except (UnknownSession, IllegalEvent):
            _log.info("%s: no longer waits", session.session_id)

    def _lapse(self, session: Session) -> None:
        now, spread = self._now(), self._spread()
        self._spool.update(session.session_id, lambda current: sent_afresh(current, now, spread))


def _chunked(session: Session) -> Order:
    return replace(session.order, upload_type=UploadType.CHUNKED)


def _remote(session: Session) -> Remote:
    if session.remote is None:
        raise IllegalEvent(session, Released(), "it has no remote session")
    return session.remote


def _earlier(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
