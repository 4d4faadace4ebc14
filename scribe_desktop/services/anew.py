"""What follows when a service does not have what it said it has: all or a part of it goes again.

A service may forget a session, lose a file that it had confirmed, or take End
and go on waiting. None of these is believed at once and for ever, and none is
repeated without a pause: a service may also just count wrongly.
"""

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.events import DeliveryFailed, EndDenied, FoundShort, Lapsed
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.schedule import STUCK_RETRY_S, retry_delay_s
from scribe_desktop.domain.session import Delivery, Problem, Session
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.requests import is_form

MOST_SHORTFALLS = 3
"""After as many fresh deliveries the service is taken to count wrongly, and that is said."""

END_SETTLES_S = 10.0
"""How long after End a status may lag behind it."""


def sent_afresh(session: Session, now: float, spread: float) -> Session:
    """The service forgot the session; one that forgets again is asked more and more rarely."""
    fresh = apply(session, Lapsed())
    if fresh.generation <= 1:
        return fresh
    gone = errors.refusal(410, b"", in_session=True)
    return _waits(
        fresh, gone, Retry.LATER, now + retry_delay_s(fresh.generation - 1, spread=spread)
    )


def sent_whole_again(session: Session, remote_id: str, now: float, spread: float) -> Session:
    """The service lacks files: at once in a fresh session, then after 8 s and after a minute."""
    fresh = apply(session, FoundShort(remote_id))
    if fresh.shortfalls <= 1:
        return fresh
    delay_s = retry_delay_s(3 * fresh.shortfalls - 2, spread=spread)
    return _waits(fresh, errors.found_short(), Retry.LATER, now + delay_s)


def ended_again(session: Session, remote_id: str, now: float, spread: float) -> Session:
    """The service was told that it is over and denies it: told again, ever more rarely."""
    denials = session.ends_denied + 1
    said = errors.not_ended(denials)
    delay_s = retry_delay_s(denials, spread=spread)
    if said.retry is Retry.FRESH_SESSION:
        delay_s = STUCK_RETRY_S
    again = apply(session, EndDenied(remote_id, now + delay_s))
    # A status that lags behind is nobody's business; one that stays behind is.
    return again if denials <= 1 else _waits(again, said, said.retry, now + delay_s)


def counted(session: Session, received: int | None) -> int | None:
    """What the service counted, where its count means files of ours and is up to date.

    Storage behind a presigned form counts late, and streamed audio comes in no files.
    """
    is_chunked = session.order.upload_type is UploadType.CHUNKED and not session.typed
    if not is_chunked or session.remote is None or is_form(session.remote.upload_target):
        return None
    return received


def is_sent_again(session: Session, received: int | None) -> bool:
    """Whether a count of files means a fresh delivery; not for ever, if it never grows."""
    is_short = received is not None and received < session.files
    return is_short and session.shortfalls < MOST_SHORTFALLS


def is_hopeless(session: Session) -> bool:
    """Whether trying again in the same remote session will hardly help; a person may start anew."""
    if session.problem is None:
        return False
    never = session.problem.retry is Retry.NEVER and session.delivery is Delivery.ENDED
    return never or session.problem.retry is Retry.FRESH_SESSION


def _waits(session: Session, said: ServiceError, retry: Retry, until: float) -> Session:
    return apply(session, DeliveryFailed(Problem(said.message, said.remedy, retry), until))
