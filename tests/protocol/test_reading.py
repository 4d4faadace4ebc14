"""Nothing that a service sends comes out as anything but plain values or `Unreadable`."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.errors import ServiceError
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
from scribe_desktop.protocol.reading import Unreadable

BASE = "https://api.test/voice/v1"

FIELDS = """
protocol endpoints base_url templates_url capabilities audio_formats upload_methods
max_chunk_duration_seconds storage_providers models id display_name languages supported
auto_detection max_session_duration_seconds features realtime_transcription service name
authentication supported_methods oidc authorization_endpoint token_endpoint issuer
session_id status upload_url uploadData fields key url expires_at created_at transcript
templates items data document_id errors warnings error code message detail presigned_url
processing_errors template_errors language_detected model_used audio_files_received
audio_files access_token refresh_token expires_in device_code user_code verification_uri
interval txn_id documents audio_url template_id title desc msg
"""
KEYS = st.sampled_from(FIELDS.split())
WORDS = st.sampled_from(
    [
        "medscribealliance",
        "completed",
        "partial",
        "failed",
        "processing",
        "expired",
        "success",
        "en",
        "https://api.test/x",
        "http://x",
        "wss://s.test",
        "2026-08-20T10:00:00Z",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | WORDS
    | st.sampled_from(["\ud800", "\x00", "9" * 400, "1e999", "-1", "NaN"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=25,
)
BODIES = st.binary(max_size=60) | TREES.map(
    lambda tree: json.dumps(tree, ensure_ascii=True).encode()
)

READERS: dict[str, Callable[[bytes], Any]] = {
    "discovery": lambda body: discovery.read_discovery(body, "s", BASE),
    "templates": discovery.read_templates,
    "created": lambda body: responses.read_created(body, BASE),
    "ended": responses.read_ended,
    "answer 200": lambda body: responses.read_answer(200, body, "ses_1", BASE),
    "answer 202": lambda body: responses.read_answer(202, body, "ses_1", BASE),
    "answer 206": lambda body: responses.read_answer(206, body, "ses_1", BASE),
    "grant": sign_in.read_grant,
    "device code": sign_in.read_device_code,
    "id token": sign_in.read_id_token,
    "history": library.read_history,
    "detail": library.read_detail,
    "document": library.read_document,
    "recording": library.read_audio,
    "template": library.read_template_id,
}


def is_plain(value: Any) -> None:
    """Whatever was read can be stored as UTF-8."""
    repr(value).encode("utf-8")


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=30, deadline=None)
@given(body=BODIES)
def test_a_reader_raises_nothing_but_unreadable(
    reader: Callable[[bytes], Any], body: bytes
) -> None:
    try:
        is_plain(reader(body))
    except Unreadable:
        return


@settings(max_examples=80, deadline=None)
@given(status=st.integers(100, 999), body=BODIES)
def test_every_refusal_is_a_sentence_and_a_code_is_a_word(status: int, body: bytes) -> None:
    error = errors.refusal(status, body, in_session=status % 2 == 0)
    assert isinstance(error, ServiceError)
    assert error.message
    assert len(error.code) <= 48
    assert all(letter.isascii() and (letter.isalnum() or letter == "_") for letter in error.code)


@settings(max_examples=100, deadline=None)
@given(message=st.text(max_size=80) | TREES.map(json.dumps))
def test_what_a_stream_says_is_text_or_nothing(message: str) -> None:
    streaming.live_text(message).encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"(https?|wss?)://[a-z.:\[\]@\\/?#%0-9]{0,30}"))
def test_an_address_is_accepted_or_forbidden(url: str) -> None:
    try:
        origins.check(url)
        origins.origin(url)
        origins.path(url)
        origins.root(url)
        discovery.addresses(url)
    except origins.ForbiddenAddress:
        return


@settings(max_examples=100, deadline=None)
@given(target=TREES)
def test_an_upload_target_is_a_plan_or_refused(target: Any) -> None:
    from scribe_desktop.domain.audio import EncodedChunk
    from scribe_desktop.protocol.dialects import EKA

    text = requests.upload_target(reading.read_json(json.dumps(target).encode()))
    try:
        requests.upload(text, "ses_1", BASE, EncodedChunk(0, b"", 1), EKA)
    except (Unreadable, origins.ForbiddenAddress):
        return


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"nope", b"[" * 100_000, b'{"a":' * 60 + b"1" + b"}" * 60]
)
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        reading.read_json(body)


def test_a_lone_surrogate_is_replaced_because_nothing_could_store_it() -> None:
    assert reading.read_json(b'{"\\ud800": ["\\udfff"]}') == {"?": ["?"]}


def test_numbers_that_are_none_become_nothing() -> None:
    assert reading.read_json(b"[NaN, Infinity, -Infinity, 1.5]") == [None, None, None, 1.5]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2026-08-20T10:00:00Z", 1787220000.0),
        ("2026-08-20T15:30:00+05:30", 1787220000.0),
        ("2026-08-20T10:00:00", 1787220000.0),
        ("2026-08-20T10:00:00.123456789Z", 1787220000.123456),
        (1787220000, 1787220000.0),
        ("1787220000", 1787220000.0),
        (1787220000000, 1787220000.0),
        (0, None),
        (-5, None),
        (1e40, None),
        (True, None),
        (None, None),
        ("tomorrow", None),
        ({}, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_moments_in_every_form(written: Any, seconds: float | None) -> None:
    moment = reading.moment(written)
    assert moment == (None if seconds is None else pytest.approx(seconds, abs=1e-3))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-7"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        (
            {
                "retry-after": "Thu, 22 Oct 2015 07:28:10 GMT",
                "date": "Thu, 22 Oct 2015 07:28:00 GMT",
            },
            10.0,
        ),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date_by_the_services_own_clock(
    headers: dict[str, str], expected: float | None
) -> None:
    now = reading.http_date("Wed, 21 Oct 2015 07:28:00 GMT")
    assert now is not None
    assert reading.retry_after_s(headers, now) == expected
