"""Turns a refusal of a service into a sentence and into when to try again.

Servers of this protocol answer in eight shapes (PROTOCOL.md §1.0); all are
read here, and here is the one table of what follows from them. The service's
own text is never shown or logged: it can hold what was sent, a patient's
name included.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.reassurance import SAFE
from scribe_desktop.protocol.reading import Unreadable, mapping, objects, read_json


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from a refusal."""

    retry: Retry
    message: str
    remedy: str = ""


_LATER = "It is sent again by itself."
_SIGN_IN = "Sign in again; it is sent as soon as you have."
_AGAIN_FRESH = "It is sent again as a new session by itself."

_BUSY = Rule(Retry.LATER, f"The service is busy. {SAFE}", _LATER)
_AWAY = Rule(Retry.LATER, f"The service has a problem of its own. {SAFE}", _LATER)
_SIGNED_OUT = Rule(Retry.AFTER_SIGN_IN, f"The service asks you to sign in. {SAFE}", _SIGN_IN)
_FORGOTTEN = Rule(
    Retry.FRESH_SESSION, f"The service no longer knows this session. {SAFE}", _AGAIN_FRESH
)
_ENDED = Rule(
    Retry.FRESH_SESSION, f"The service closed this session too early. {SAFE}", _AGAIN_FRESH
)
_REFUSED = Rule(
    Retry.NEVER,
    f"The service refused this dictation. {SAFE}",
    "Check templates, languages and model, then choose Send now.",
)
_TEMPLATE = Rule(
    Retry.NEVER,
    f"The service does not know a template of this dictation. {SAFE}",
    "Choose another template, then Send now.",
)
_LANGUAGE = Rule(
    Retry.NEVER,
    f"The service does not understand the language of this dictation. {SAFE}",
    "Choose another language, then Send now.",
)
_AUDIO = Rule(
    Retry.NEVER,
    f"The service does not take this kind of audio. {SAFE}",
    "Choose another service, or export the recording.",
)
_TOO_LARGE = Rule(
    Retry.NEVER,
    f"The service, or a proxy before it, finds a piece of the recording too large. {SAFE}",
    "Ask whoever runs the service to allow uploads of 10 MB, then choose Send now.",
)
_QUOTA = Rule(
    Retry.LATER,
    f"The account has used up what it may do at the service. {SAFE}",
    "It is sent when the service allows more.",
)
_VERSION = Rule(
    Retry.NEVER,
    f"The service speaks another version of the protocol. {SAFE}",
    "Update this program, or choose another service.",
)
_NO_AUDIO_KEPT = Rule(
    Retry.NEVER,
    "The service does not hand out recordings.",
    "Export the recording that is kept on this computer.",
)
_NO_AUDIO_YET = Rule(Retry.LATER, "The service is still putting the recording together.")
_UNKNOWN = Rule(Retry.NEVER, "The service does not know what was asked for.")
_TAKEN = Rule(Retry.NEVER, "The service already has something of that name.")
_COMMITTED = Rule(Retry.NEVER, "The service does not allow that change after the end.")
_PROXY = Rule(
    Retry.LATER,
    f"The proxy of this network asks for a password. {SAFE}",
    "Ask whoever runs the network; it is sent when the proxy lets it through.",
)
_ELSEWHERE = Rule(
    Retry.LATER,
    f"The network or the service points somewhere else. {SAFE}",
    "Sign in to the network if it asks you to, and check the service's address.",
)
_NO_SUCH_SERVICE = Rule(
    Retry.LATER,
    f"There is no scribe service at this address. {SAFE}",
    "Check the service's address in the settings.",
)
_SIGN_IN_FAILED = Rule(
    Retry.AFTER_SIGN_IN,
    "The service did not accept that name or password.",
    "Check both and try again.",
)
_ACCOUNT_OFF = Rule(
    Retry.AFTER_SIGN_IN,
    "This account is switched off.",
    "Ask whoever runs the service to switch it on.",
)

_DENIED = Rule(Retry.AFTER_SIGN_IN, "The sign-in was refused in the browser.", "Try again.")
_CODE_EXPIRED = Rule(
    Retry.AFTER_SIGN_IN, "The code for signing in is no longer valid.", "Ask for a new code."
)

BY_CODE: dict[str, Rule] = {
    "authentication_failed": _SIGNED_OUT,
    "token_expired": _SIGNED_OUT,
    "missing_token": _SIGNED_OUT,
    "invalid_token": _SIGNED_OUT,
    "invalid_api_key": _SIGNED_OUT,
    "invalid_refresh_token": _SIGNED_OUT,
    "unauthorized": _SIGNED_OUT,
    "invalid_grant": _SIGNED_OUT,
    "access_denied": _DENIED,
    "expired_token": _CODE_EXPIRED,
    "invalid_device_code": _CODE_EXPIRED,
    "invalid_client": _SIGN_IN_FAILED,
    "forbidden": _SIGNED_OUT,
    "invalid_credentials": _SIGN_IN_FAILED,
    "account_disabled": _ACCOUNT_OFF,
    "rate_limit_exceeded": _BUSY,
    "service_unavailable": _BUSY,
    "session_not_found": _FORGOTTEN,
    "transaction_not_found": _FORGOTTEN,
    "resource_not_found": _FORGOTTEN,
    "session_expired": _FORGOTTEN,
    "session_ended": _ENDED,
    "session_completed": _ENDED,
    "active_session": _ENDED,
    "session_already_committed": _COMMITTED,
    "txn_already_initialized": _TAKEN,
    "template_not_found": _TEMPLATE,
    "invalid_template": _TEMPLATE,
    "webhook_not_found": _UNKNOWN,
    "language_unsupported": _LANGUAGE,
    "invalid_audio_format": _AUDIO,
    "audio_quality_poor": _REFUSED,
    "audio_too_short": _REFUSED,
    "chunk_too_large": _TOO_LARGE,
    "file_too_large": _TOO_LARGE,
    "invalid_request": _REFUSED,
    "missing_required_field": _REFUSED,
    "bad_request": _REFUSED,
    "unsupported_version": _VERSION,
    "txn_limit_exceeded": _QUOTA,
    "audio_not_enabled": _NO_AUDIO_KEPT,
    "audio_not_available": _NO_AUDIO_YET,
    "processing_failed": _AWAY,
    "internal_error": _AWAY,
    "unexpected_error": _AWAY,
    "system_failure": _AWAY,
}
"""What each known error code means, whatever its HTTP status."""

BY_STATUS: dict[int, Rule] = {
    HTTPStatus.UNAUTHORIZED: _SIGNED_OUT,
    HTTPStatus.PAYMENT_REQUIRED: _QUOTA,
    HTTPStatus.FORBIDDEN: _SIGNED_OUT,
    HTTPStatus.NOT_FOUND: _FORGOTTEN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _PROXY,
    HTTPStatus.REQUEST_TIMEOUT: _BUSY,
    HTTPStatus.CONFLICT: _TAKEN,
    HTTPStatus.GONE: _FORGOTTEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _AUDIO,
    HTTPStatus.TOO_EARLY: _BUSY,
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: _BUSY,
}
"""What a status means when its body says nothing known."""

ALREADY_ENDED = frozenset({"session_ended", "session_completed", "session_already_committed"})
"""Codes by which a repeated End is told that the first one arrived."""

PENDING_CODES = frozenset({"authorization_pending", "slow_down"})
"""Codes that mean "ask again" while someone signs in on another screen."""

FORM_EXPIRED = "upload_form_expired"
"""Our own code for a presigned form that has grown old."""

RECORDING_NOT_READY = "audio_not_available"
"""The service's code for a recording that it is still putting together."""

ABORTED = "aborted"
"""Our own code for a call that was cut off because the program leaves."""

CUT = "cut"
"""Our own code for a call that was cut off to be made again at once."""

_ABOUT_THE_ACCOUNT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_STUCK_AFTER = 6
"""Half a minute of failures that name themselves the system's."""

_STUCK_AFTER_UNNAMED = 12
"""Twenty minutes of any other."""

_DENIED_OFTEN = 4
"""A minute or so of End after End."""

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_LONGEST_CODE = 48


def error_code(body: bytes) -> str:
    """The service's own word for an error from any of the shapes, or an empty string.

    Only the shape of an identifier comes out, so that a sentence of the
    service's can never reach a log as a code.
    """
    try:
        value = read_json(body)
    except Unreadable:
        return ""
    outer = mapping(value)
    inner = outer.get("error")
    for candidate in (
        mapping(inner).get("code"),
        mapping(mapping(inner).get("message")).get("code"),
        outer.get("code"),
        outer.get("detail"),
        inner,
        outer.get("message"),
    ):
        code = _as_code(candidate)
        if code:
            return code
    return "invalid_request" if any(objects(outer.get("detail"))) else ""


def _as_code(value: object) -> str:
    word = value.strip() if isinstance(value, str) else ""
    if not word or len(word) > _LONGEST_CODE or " " in word:
        return ""
    return _NOT_A_WORD.sub("_", word.lower()).strip("_")


def refusal(
    status: int, body: bytes, *, in_session: bool, retry_after_s: float | None = None
) -> ServiceError:
    """The error for a reply that is not a success.

    `in_session`: the request was about one remote session, so that "not
    found" means that the service forgot it. Elsewhere it means a wrong
    address, and creating anew would not help.
    """
    code = error_code(body)
    rule = BY_CODE.get(code) or _by_status(status)
    if rule.retry is Retry.FRESH_SESSION and status in _ABOUT_THE_ACCOUNT:
        rule = _SIGNED_OUT  # "session expired" means the login there
    if rule.retry is Retry.FRESH_SESSION and not in_session:
        rule = _UNKNOWN if code in BY_CODE else _NO_SUCH_SERVICE
    return ServiceError(
        rule.message,
        rule.remedy,
        retry=rule.retry,
        status=status,
        code=code,
        retry_after_s=retry_after_s,
    )


def refuses_the_format(error: ServiceError) -> bool:
    """Whether the service would take the same speech in another form."""
    return error.code == "invalid_audio_format" or error.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


_SIZE_CODES = frozenset({"chunk_too_large", "file_too_large"})


def refuses_the_size(error: ServiceError) -> bool:
    """Whether the service, or a gateway before it, would take less of the same speech."""
    return error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or error.code in _SIZE_CODES


def _by_status(status: int) -> Rule:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _AWAY
    if status >= HTTPStatus.BAD_REQUEST:
        return _REFUSED
    return _ELSEWHERE


def unreadable(status: int) -> ServiceError:
    """A success whose body is not what the protocol allows: often a proxy's own page."""
    return ServiceError(
        f"The service answered with something that is no answer. {SAFE}",
        _LATER,
        retry=Retry.LATER,
        status=status,
        code="unreadable",
    )


def unreachable(code: str) -> ServiceError:
    """No answer: `code` is unreachable, timed_out, broken_off, untrusted, cut or aborted."""
    message, remedy = _SILENCE[code]
    return ServiceError(f"{message} {SAFE}", remedy, retry=Retry.LATER, code=code)


_SILENCE = {
    "unreachable": ("The service cannot be reached.", _LATER),
    "timed_out": ("The service did not answer in time.", _LATER),
    "broken_off": ("The connection to the service broke off.", _LATER),
    "untrusted": (
        "The service could not prove who it is.",
        "Check the computer's clock, or ask whoever runs the network about its certificate.",
    ),
    "too_large": ("The service sent more than anyone could have said.", _LATER),
    ABORTED: ("The program is closing.", _LATER),
    CUT: ("The call to the service was cut off.", _LATER),
}


def form_expired(status: int) -> ServiceError:
    """Storage refused a presigned form or link; the service makes another when asked."""
    return ServiceError(
        f"The service's permission for one file has run out. {SAFE}",
        "A new one is asked for by itself.",
        retry=Retry.LATER,
        status=status,
        code=FORM_EXPIRED,
    )


def seems_stuck(error: ServiceError, attempts: int) -> bool:
    """Whether a service that fails at each question about a result will hardly ever give one.

    The on-premise server answers like that, for ever, about a session that was
    cancelled elsewhere (PROTOCOL.md §1.7). Only its own failure counts: a
    gateway's says nothing about the session.
    """
    patience = _STUCK_AFTER if error.code == "system_failure" else _STUCK_AFTER_UNNAMED
    return error.status == HTTPStatus.INTERNAL_SERVER_ERROR and attempts >= patience


def stuck(error: ServiceError) -> ServiceError:
    """What is said then; it is asked again now and then, in case the service was mended."""
    return ServiceError(
        f"The service answers every question about this dictation with a failure. {SAFE}",
        "Perhaps it was cancelled at another place. Choose Send now to send it as a new one.",
        retry=Retry.NEVER,
        status=error.status,
        code=error.code,
    )


def says_taken(error: ServiceError) -> bool:
    """Whether the service says, of what may be a repeat, that it has it already."""
    return error.status == HTTPStatus.CONFLICT and BY_CODE.get(error.code, _TAKEN) is _TAKEN


def taken_by_another(status: int) -> ServiceError:
    """A chunk is refused because there is one of its name, and it is not ours."""
    return ServiceError(
        f"The service says that it has this piece already, and it does not have it. {SAFE}",
        "Choose Send now to send the dictation as a new one.",
        retry=Retry.FRESH_SESSION,
        status=status,
        code="taken",
    )


def not_ended(denials: int) -> ServiceError:
    """The service took End, again and again, and says that the session goes on."""
    if denials < _DENIED_OFTEN:
        remedy, retry = "It is told again by itself.", Retry.LATER
    else:
        remedy, retry = "Choose Send now to send it as a new one.", Retry.FRESH_SESSION
    return ServiceError(
        f"The service does not notice that this dictation is over, though it was told. {SAFE}",
        remedy,
        retry=retry,
        code="not_ended",
    )


def found_short() -> ServiceError:
    """The service has fewer files than it acknowledged."""
    return ServiceError(
        f"The service has lost a piece of this dictation that it had confirmed. {SAFE}",
        _AGAIN_FRESH,
        retry=Retry.LATER,
        code="found_short",
    )


def no_recording(status: int) -> ServiceError:
    """A service without the call for recordings, or without one of this session."""
    return ServiceError(
        _NO_AUDIO_KEPT.message, _NO_AUDIO_KEPT.remedy, retry=_NO_AUDIO_KEPT.retry, status=status
    )


def forbidden_address() -> ServiceError:
    """An address in the settings or in a reply that nothing may be sent to."""
    return ServiceError(
        f"The service's address is not safe, so nothing was sent there. {SAFE}",
        "Use an address that begins with https://.",
        retry=Retry.NEVER,
        code="forbidden_address",
    )
