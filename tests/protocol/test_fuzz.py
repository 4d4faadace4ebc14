"""Whatever bytes arrive in the place of a reply, what comes out is plain values or a clear error.

Real replies, damaged: bytes changed, cut out, doubled, put in; whole values
put in the place of others. `SCRIBE_EXPLORE=5000` looks at so many new examples
for each reader.
"""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import EncodedChunk, form_after, offered_form
from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.record import read_results, results_record
from scribe_desktop.protocol import (
    discovery,
    errors,
    library,
    origins,
    reading,
    requests,
    responses,
    sign_in,
    streaming,
)
from scribe_desktop.protocol.dialects import DIALECTS, dialect_of
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.sign_in import BrowserLogin

GOLDEN = Path(__file__).parent / "golden"
BASE = "https://api.test/voice/v1"
EXAMPLES = int(os.environ.get("SCRIBE_EXPLORE") or 25)

ANSWERS = [case["body"] for case in json.loads((GOLDEN / "answers.json").read_text("utf-8"))]
REFUSALS = [case["body"] for case in json.loads((GOLDEN / "refusals.json").read_text("utf-8"))]
TARGETS = [
    case["target"] for case in json.loads((GOLDEN / "upload_targets.json").read_text("utf-8"))
]
DISCOVERY = {
    "protocol": "medscribealliance",
    "protocol_version": "0.1",
    "service": {"name": "Clinic", "documentation_url": "https://api.test/docs"},
    "endpoints": {"base_url": BASE, "templates_url": f"{BASE}/templates"},
    "authentication": {
        "supported_methods": ["api_key", "oidc"],
        "oidc": {
            "issuer": "https://id.test",
            "authorization_endpoint": "https://id.test/authorize",
            "token_endpoint": "https://id.test/token",
            "scopes_supported": ["openid"],
        },
    },
    "capabilities": {
        "audio_formats": ["audio/webm;codecs=opus", "audio/wav"],
        "max_chunk_duration_seconds": 20,
        "upload_methods": ["chunked", "single", "stream"],
        "storage_providers": ["aws"],
    },
    "models": [
        {
            "id": "pro",
            "display_name": "Pro",
            "languages": ["en"],
            "max_session_duration_seconds": 3600,
            "features": {"realtime_transcription": True},
        }
    ],
    "languages": {"supported": ["en", "hi"], "auto_detection": False},
}
TEMPLATES = [
    {"templates": [{"id": "soap", "name": "SOAP", "description": "Four parts"}]},
    {"items": [{"id": "soap", "title": "SOAP", "desc": "Four parts", "section_ids": []}]},
]
CREATED = [
    {"session_id": "ses_1", "expires_at": "2026-08-20T10:00:00Z", "upload_url": target}
    for target in TARGETS
]
GRANT = {"access_token": "a", "expires_in": 900, "refresh_token": "r", "refresh_expires_in": 9}
DEVICE = {
    "device_code": "d",
    "user_code": "BCDF-2345",
    "verification_uri": "https://api.test/activate",
    "verification_uri_complete": "https://api.test/activate?c=1",
    "expires_in": 600,
    "interval": 5,
}
DOCUMENT = {
    "document_id": "doc_1",
    "session_id": "ses_1",
    "template_id": "soap",
    "document_name": "SOAP",
    "status": "success",
    "presigned_url": "https://storage.test/doc_1",
    "created_at": 1787220000,
    "updated_at": "2026-08-20T10:00:00Z",
}
HISTORY = {
    "status": "success",
    "data": [
        {
            "txn_id": "ses_1",
            "oid": "1",
            "mode": "dictation",
            "processing_status": "success",
            "patient_details": {"oid": "1", "name": "N", "mobile": 5},
            "created_at": "2026-08-20T10:00:00Z",
        }
    ],
}
ODD: list[Any] = [
    *(None, True, 0, -1, 1e308, 10**400, float("nan"), "", "\x00", "\ud800", "9" * 5000, [], {}),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-40", "http://[", "//["),
    *("https://a\r\nb", "javascript:alert(1)", "wss://s.test", [[[[]]]], [None], {"": None}, [1]),
]


def paths_of(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is something that could be another thing."""
    found = [here]
    inside: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    inside += enumerate(value) if isinstance(value, list) else []
    for key, inner in inside:
        found += paths_of(inner, (*here, key))
    return found


@st.composite
def damaged(draw: st.DrawFn, seeds: list[Any]) -> bytes:
    """One real reply after up to three replacements and up to four injuries of its bytes."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(paths_of(value)))
        other = copy.deepcopy(draw(st.sampled_from(ODD)))
        if not path:
            value = other
            continue
        place = value
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = other
    try:
        body = bytearray(value.encode() if isinstance(value, str) else json.dumps(value).encode())
    except UnicodeEncodeError:
        body = bytearray(b'"\\ud800"')
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 12))
        put = draw(st.binary(max_size=8) | st.sampled_from([b'"', b"{", b"[", b"\\u", b"e9999"]))
        body[at : at + length] = put
    return bytes(body)


def answer_of(status: int) -> Callable[[bytes], Any]:
    def read(body: bytes) -> Any:
        answer = responses.read_answer(status, body, "ses_1", BASE)
        if isinstance(answer, responses.Finished):
            # It is stored in the spool and must come out of it as it went in.
            stored = json.loads(json.dumps(results_record(answer.results)))
            assert read_results(stored) == answer.results
        return answer

    return read


def offer_of(body: bytes) -> Any:
    found = discovery.read_discovery(body, "s", BASE)
    if found.oidc is not None:
        BrowserLogin(found.oidc, "c", "http://127.0.0.1/", "v" * 43, "state").url()
    again = discovery.read_offer(json.loads(json.dumps(discovery.offer_record(found.offer))))
    assert again == found.offer
    form = offered_form(found.offer.audio_formats)
    form_after(form, found.offer.audio_formats)
    return found


def target_of(body: bytes) -> Any:
    remote = responses.read_created(body, BASE)
    requests.is_form(remote.upload_target)
    for dialect in DIALECTS.values():
        try:
            requests.upload(
                remote.upload_target, remote.remote_id, BASE, EncodedChunk(0, b"", 1), dialect
            )
        except (Unreadable, origins.ForbiddenAddress):
            continue
    try:
        return streaming.stream_url(remote.upload_target)
    except Unreadable:
        return remote


READERS: dict[str, tuple[Callable[[bytes], Any], list[Any]]] = {
    "discovery": (offer_of, [DISCOVERY]),
    "templates": (discovery.read_templates, TEMPLATES),
    "own templates": (library.read_own_templates, TEMPLATES),
    "created": (target_of, CREATED),
    "ended": (responses.read_ended, ANSWERS),
    **{f"answer {status}": (answer_of(status), ANSWERS) for status in (200, 202, 206, 410)},
    "grant": (sign_in.read_grant, [GRANT]),
    "device code": (sign_in.read_device_code, [DEVICE]),
    "id token": (sign_in.read_id_token, [GRANT | {"id_token": "x"}]),
    "history": (library.read_history, [HISTORY]),
    "detail": (library.read_detail, [{"data": {"documents": [DOCUMENT, DOCUMENT]}}]),
    "document": (library.read_document, [{"data": DOCUMENT}]),
    "recording": (
        library.read_audio,
        [{"audio_url": "https://storage.test/a.mp3", "expires_at": 1787220000}],
    ),
    "template": (library.read_template_id, [{"msg": "made", "template_id": "t"}]),
    "started": (library.started_document_id, [{"document_id": "d"}, "data: {}\n\n"]),
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_damaged_reply_is_plain_values_or_unreadable(name: str, data: st.DataObject) -> None:
    read, seeds = READERS[name]
    try:
        repr(read(data.draw(damaged(seeds)))).encode("utf-8")
    except Unreadable:
        return


@settings(max_examples=EXAMPLES * 2)
@given(status=st.integers(0, 999), body=damaged(REFUSALS), in_session=st.booleans())
def test_a_damaged_refusal_is_a_sentence(status: int, body: bytes, *, in_session: bool) -> None:
    error = errors.refusal(status, body, in_session=in_session)
    assert isinstance(error, ServiceError)
    assert error.message.endswith((".", "!"))
    assert error.code == "" or error.code.replace("_", "a").isalnum()
    errors.refuses_the_format(error)
    errors.seems_stuck(error, 12)


HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "cache-control"]),
    st.text(max_size=40)
    | st.sampled_from(
        [
            *("Sat, 21 Nov 2026 09:00:00 GMT", "Sat, 99 Nov 2026 09:00:00 GMT", "1e400", "-5"),
            *("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "nan", "inf"),
            *("max-age=10800", "max-age=-1", "max-age=1e9", "no-store", "max-age=" + "9" * 5000),
        ]
    ),
)


@settings(max_examples=EXAMPLES * 4)
@given(headers=HEADERS, now=st.floats(0, 4e9))
def test_headers_never_surprise(headers: dict[str, str], now: float) -> None:
    wait = reading.retry_after_s(headers, now)
    assert wait is None or 0 <= wait < float("inf")
    assert 0 <= discovery.cache_s(headers) < float("inf")
    reading.http_date(headers.get("date", ""))


@settings(max_examples=EXAMPLES * 4)
@given(value=st.sampled_from(ODD) | st.text(max_size=40) | st.floats() | st.datetimes().map(str))
def test_a_moment_is_a_time_or_none(value: Any) -> None:
    at = reading.moment(value)
    assert at is None or 0 < at < 4e10


@settings(max_examples=EXAMPLES * 4)
@given(
    text=st.sampled_from([one for one in ODD if isinstance(one, str)])
    | st.text(max_size=60)
    | st.from_regex(r"(https?|wss?):\/\/[a-z.:\[\]@\\\/?#%0-9=&;]{0,40}")
)
def test_texts_from_outside_never_surprise(text: str) -> None:
    """Addresses, pasted tokens, kept terms, and where a browser was sent back to."""
    sign_in.read_terms(text)
    streaming.live_text(text)
    dialect_of("", text)
    login = BrowserLogin(
        Oidc("", "https://id.test/authorize", ""), "c", "http://127.0.0.1/", "v" * 43, "state"
    )
    for act in (
        lambda: sign_in.clean_token(text),
        lambda: login.code(text),
        lambda: origins.join(text, "a"),
        lambda: streaming.stream_url(json.dumps(text)),
        lambda: origins.same_origin(text, BASE),
        lambda: origins.is_socket(text),
        lambda: discovery.addresses(text),
    ):
        try:
            act()
        except (Unreadable, origins.ForbiddenAddress):
            continue
