"""Whatever bytes arrive, the answer is a refusal and never a failure of ours."""

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scribe_desktop.server.fields import Anything, Fields, Free, Text, Whole, Words
from scribe_desktop.server.guard import host_name, is_loopback
from scribe_desktop.server.reception import parse_json
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.stream import Stopped, samples_in
from scribe_desktop.server.uploads import file_number, form_boundary, read_form, sniff, unwrap

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
LINES = st.sampled_from(
    [
        b"--xyz\r\n",
        b"--xyz--\r\n",
        b"\r\n",
        b"Content-Disposition: form-data; name=file; filename=0.wav\r\n",
        b'Content-Disposition: form-data; name="\xff"\r\n',
        b"Content-Type: audio/webm\r\n",
        b"RIFF",
        b":\r\n",
    ]
)
FORMS = st.lists(LINES | st.binary(max_size=8), max_size=12).map(b"".join)


@given(st.binary(max_size=200), st.text(max_size=80))
def test_audio_of_any_bytes(body: bytes, label: str) -> None:
    with suppress(Refusal):
        sniff(body)
    with suppress(Refusal):
        unwrap(body, label)
    form_boundary(label)


@given(FORMS)
@settings(max_examples=200)
@example(b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--\r\n")
def test_forms_of_any_bytes(body: bytes) -> None:
    with suppress(Refusal):
        read_form(body, b"xyz")
    with suppress(Refusal):
        unwrap(body, "multipart/form-data; boundary=xyz")


@given(st.text(max_size=150), st.booleans())
def test_any_file_name(name: str, single: bool) -> None:  # noqa: FBT001 - a generated value
    with suppress(Refusal):
        assert 0 <= file_number(name, single=single) <= 99_999


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_object_or_refused(body: bytes) -> None:
    with suppress(Refusal):
        assert isinstance(parse_json(body), dict)


RULES = Fields(
    {
        "text": Text(most=5, least=1, pattern="[a-z]+"),
        "choice": Text(choices=("a", "b")),
        "whole": Whole(least=1, most=9),
        "words": Words(most=2, length=3),
        "free": Free(),
        "any": Anything(),
    }
)


@given(st.dictionaries(st.sampled_from(list(RULES.of)), JSON))
def test_any_fields_are_read_as_described_or_refused(sent: dict[str, object]) -> None:
    with suppress(Refusal):
        read = RULES.read(sent)
        assert set(read) <= set(sent)
        assert 1 <= read.get("whole", 1) <= 9
        assert len(read.get("words", ())) <= 2


MESSAGES = st.one_of(
    st.text(max_size=60),
    JSON.map(json.dumps),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["start", "media", "stop"]) | JSON},
        optional={"start": JSON, "media": JSON | st.fixed_dictionaries({"payload": JSON})},
    ).map(json.dumps),
)


@given(MESSAGES)
@settings(max_examples=200)
def test_any_message_on_a_stream(text: str) -> None:
    with suppress(Stopped):
        assert isinstance(samples_in({"type": "websocket.receive", "text": text}), bytes)


@given(st.text(max_size=60))
def test_any_host_name(host: str) -> None:
    is_loopback(host_name(host))
