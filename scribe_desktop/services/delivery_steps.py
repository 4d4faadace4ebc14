"""Takes one step of a delivery: asks the service, and notes in the spool what came of it.

Whose turn it is, and what a failure means for those who wait, is `uploader.py`'s. Here is
how a service is asked, and in which other way where it refuses the first.
"""

import logging
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
from scribe_desktop.domain.order import Order, ServiceRef, UploadType
from scribe_desktop.domain.pieces import finer
from scribe_desktop.domain.session import Problem, Remote, Session
from scribe_desktop.domain.steps import Amend, Create, End, SendText, Upload, Withdraw
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import Finished, Gone, Processing
from scribe_desktop.services.anew import counted, is_sent_again, sent_afresh, sent_whole_again
from scribe_desktop.services.delivery_sides import DeliveryClient, DeliverySpool
from scribe_desktop.services.outgoing import outgoing
from scribe_desktop.services.typed_text import hand_over, typed_text

_log = logging.getLogger(__name__)

OwnStep: TypeAlias = Create | Amend | Upload | End | SendText | Withdraw


class UnreadableHere(Exception):
    """What is to be sent cannot be read on this computer; no service had a part in it."""

    def __init__(self, why: ScribeError) -> None:
        super().__init__(type(why).__name__)
        self.why = why


class DeliverySteps:
    """`formats_of` is what a service said it takes, as last known, without asking it."""

    def __init__(
        self,
        spool: DeliverySpool,
        now: Callable[[], float],
        spread: Callable[[], float],
        formats_of: Callable[[ServiceRef], tuple[str, ...]],
    ) -> None:
        self._spool = spool
        self._now = now
        self._spread = spread
        self._formats_of = formats_of
        # What a service was seen to need, so that the next dictation begins with it.
        self._forms: dict[ServiceRef, AudioForm] = {}
        # Files that may have arrived: no reply came. After a start nothing is known of them.
        self._unanswered: set[tuple[str, int]] = set()

    def take(self, session: Session, client: DeliveryClient, step: OwnStep) -> None:
        """Take it; the spool then says what came of it.

        Raises ServiceError, UnreadableHere, UnknownSession where it was deleted, and
        IllegalEvent where somebody else changed it while this was on the line.
        """
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
            raise UnreadableHere(error) from error

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

    def _note(self, session: Session, event: Event) -> Session:
        return self._spool.update(session.session_id, lambda current: apply(current, event))

    def _lapse(self, session: Session) -> None:
        lapse(self._spool, session, self._now(), self._spread())


def lapse(spool: DeliverySpool, session: Session, now: float, spread: float) -> None:
    """Let the remote session go: everything is sent anew in another."""
    spool.update(session.session_id, lambda current: sent_afresh(current, now, spread))


def _chunked(session: Session) -> Order:
    return replace(session.order, upload_type=UploadType.CHUNKED)


def _remote(session: Session) -> Remote:
    if session.remote is None:
        raise IllegalEvent(session, Released(), "it has no remote session")
    return session.remote
