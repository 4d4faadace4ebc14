"""Every way in which a client may send audio, and what must never get in."""

from typing import Any

import pytest

from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.uploads import file_number, sniff
from tests.server.conftest import Local
from tests.server.scripted import wav


def form(boundary: str, *parts: tuple[str, str, bytes]) -> bytes:
    """A multipart body of (name, file name, bytes)."""
    body = b""
    for name, filename, content in parts:
        label = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        body += f"--{boundary}\r\nContent-Disposition: {label}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("audio_0.webm", 0),
        ("chunk_12.wav", 12),
        ("1.mp3", 1),
        ("my-visit_audio_3.m4a", 3),
        ("audio_01.webm", 1),
        ("audio_8", 8),
        ("visit-4.wav", 4),
        ("-4.wav", 4),
    ],
)
def test_the_number_in_the_name_counts(name: str, number: int) -> None:
    assert file_number(name, single=False) == number


@pytest.mark.parametrize(
    "name",
    [
        "",
        "audio.webm",
        "..",
        "../0.wav",
        "a/b_0.wav",
        "a\\0.wav",
        "audio_0.web/m",
        "audio_999999999.wav",
        "x" * 200 + "_0.wav",
        "audio_٣.wav",
        "audio_0.wav\n",
        "audio_-1.wav",
        "--1.wav",
    ],
)
def test_a_name_that_could_be_a_path_or_has_no_number_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        file_number(name, single=False)


def test_a_single_upload_may_have_any_name_but_a_path() -> None:
    assert file_number("Visit of today.m4a", single=True) == 0
    with pytest.raises(Refusal):
        file_number("../visit.m4a", single=True)


@pytest.mark.parametrize(
    ("body", "extension"),
    [
        (b"\x1aE\xdf\xa3....", "webm"),
        (b"RIFF\n\r\x00\x00WAVEfmt ", "wav"),
        (b"OggS\0", "ogg"),
        (b"\0\0\0\x20ftypM4A ", "m4a"),
        (b"\0\0\0\x20ftypisom", "mp4"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"\xff\xf1\x50", "aac"),
        (b"fLaC\0", "flac"),
    ],
)
def test_the_first_bytes_say_what_it_is(body: bytes, extension: str) -> None:
    assert sniff(body) == extension


def test_labels_are_not_believed(local: Local) -> None:
    session_id = local.create()
    path = f"/v1/sessions/{session_id}/audio/audio_0.webm"
    for label in (
        "audio/mpeg",
        "audio/x-wav",
        "video/webm",
        "audio/webm; codecs=opus",
        "text/plain",
    ):
        reply = local.ask("POST", path, content=wav(3), headers={"Content-Type": label})
        assert reply.status_code == 200
    assert reply.json() == {
        "session_id": session_id,
        "success": True,
        "original_filename": "audio_0.webm",
    }
    local.end(session_id, 1)
    assert local.result(session_id).json()["audio_files"] == ["0.wav"]


@pytest.mark.parametrize("label", ["multipart/form-data; boundary=xyz", "audio/webm;codecs=opus"])
def test_a_form_is_unwrapped_even_when_it_is_labelled_as_audio(local: Local, label: str) -> None:
    session_id = local.create()
    body = form("xyz", ("note", "", b"hello"), ("file", "0.wav", wav(4)))
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.wav"
    assert local.ask("POST", path, content=body, headers={"Content-Type": label}).status_code == 200
    assert local.service.sessions.body(session_id, 0) == wav(4)


def test_a_form_without_a_name_in_the_address_brings_its_own(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio"
    reply = local.ask("POST", path, files={"file": ("chunk_2.wav", wav(2), "audio/wav")})
    assert reply.json()["original_filename"] == "chunk_2.wav"
    raw = local.ask("POST", path, content=wav(1), headers={"X-Chunk-Index": "1"})
    assert raw.status_code == 200
    named = {"Content-Disposition": 'attachment; filename="audio_0.wav"'}
    assert local.ask("POST", path, content=wav(0), headers=named).status_code == 200
    assert local.ask("POST", path, content=wav(0)).status_code == 400
    local.end(session_id, 3)
    assert local.result(session_id).json()["transcript"] == "zero one two"


def presigned(local: Local) -> tuple[str, Any]:
    reply = local.ask("POST", "/voice/v1/sessions?version=v2", json={"upload_type": "chunked"})
    body = reply.json()
    return body["session_id"], body["upload_url"]["uploadData"]


def test_a_presigned_form_needs_no_token(local: Local) -> None:
    session_id, data = presigned(local)
    path = data["url"].removeprefix("http://127.0.0.1:8000")
    del local.client.headers["Authorization"]
    for number in (1, 2):
        file = {"file": (f"{number}.wav", wav(number), "audio/wav")}
        reply = local.ask("POST", path, data=data["fields"], files=file)
        assert (reply.status_code, reply.content) == (204, b"")
    local.client.headers.update(local.headers)
    local.end(session_id, 2)
    assert local.result(session_id).json()["transcript"] == "one two"


def test_a_presigned_form_is_good_for_its_session_and_time_only(local: Local) -> None:
    session_id, data = presigned(local)
    other = local.create()
    path = data["url"].removeprefix("http://127.0.0.1:8000")
    file = {"file": ("0.wav", wav(1), "audio/wav")}

    def post(**changes: str) -> int:
        return int(local.ask("POST", path, data=data["fields"] | changes, files=file).status_code)

    assert post(key=f"{other}/0.wav") == 403
    assert post(**{"x-signature": "0" * 64}) == 403
    assert post(**{"x-expires": "9999999999"}) == 403
    assert post(key="") == 400
    assert post(key=f"{session_id}/../../0.wav") == 400
    local.clock.at += 3 * 3600 + 1
    assert post() == 403


def test_a_presigned_upload_must_be_a_whole_form_to_the_right_place(local: Local) -> None:
    _, data = presigned(local)
    path = data["url"].removeprefix("http://127.0.0.1:8000")
    file = {"file": ("0.wav", wav(1), "audio/wav")}
    elsewhere = path.replace("/audio", "/other")
    assert local.ask("POST", elsewhere, data=data["fields"], files=file).status_code == 404
    assert local.ask("POST", path, content=wav(1)).status_code == 400
    wrong = {"attachment": ("0.wav", wav(1), "audio/wav")}
    assert local.ask("POST", path, data=data["fields"], files=wrong).status_code == 400


def test_a_chunk_number_that_is_none_is_refused(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio"
    reply = local.ask("POST", path, content=wav(1), headers={"X-Chunk-Index": "first"})
    assert reply.status_code == 400


def test_a_form_that_grew_old_is_given_out_anew(local: Local) -> None:
    session_id, data = presigned(local)
    local.clock.at += 1
    fresh = local.ask("GET", f"/voice/v1/sessions/{session_id}?version=v2").json()["upload_url"]
    assert fresh["uploadData"]["fields"]["x-expires"] > data["fields"]["x-expires"]
    plain = local.ask("GET", f"/voice/v1/sessions/{session_id}").json()["upload_url"]
    assert plain.endswith(f"/{session_id}/audio")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"\x1aE\xdf\xa3" + bytes(100),
        wav(1)[:20],
        b"--xyz\r\nContent-Disposition: form",
    ],
)
def test_what_cannot_be_heard_is_refused_and_nothing_is_stored(local: Local, body: bytes) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.webm"
    reply = local.ask("POST", path, content=body)
    assert reply.status_code == 400
    assert local.service.sessions.files(session_id) == []


def test_a_broken_form_is_refused(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.wav"
    label = {"Content-Type": "multipart/form-data; boundary=xyz"}
    whole = form("xyz", ("file", "0.wav", wav(1)))
    two = form("xyz", ("file", "0.wav", wav(1)), ("file", "1.wav", wav(2)))
    many = form("xyz", *[(f"f{n}", "", b"") for n in range(60)], ("file", "0.wav", wav(1)))
    for body in (whole[:-30], two, many, form("xyz", ("note", "", b"x"))):
        assert local.ask("POST", path, content=body, headers=label).status_code == 400


def test_a_compressed_body_is_refused(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.wav"
    headers = {"Content-Encoding": "gzip"}
    assert local.ask("POST", path, content=wav(1), headers=headers).status_code == 415


def test_eleven_megabytes_are_too_many(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.wav"
    for size in (10 * 1024 * 1024 + 1, 11 * 1024 * 1024):
        reply = local.ask("POST", path, content=wav(1) + bytes(size - len(wav(1))))
        assert reply.status_code == 413


def test_the_answer_carries_the_digest_of_what_was_stored(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_0.wav"
    reply = local.ask("PUT", path, content=wav(1))
    stored = local.service.sessions.files(session_id)[0]
    assert reply.headers["etag"] == f'"{stored.sha256}"'


def test_an_unknown_session_is_not_found(local: Local) -> None:
    path = "/voice/v1/sessions/ses_0000000000000000"
    assert local.ask("POST", f"{path}/audio/audio_0.wav", content=wav(0)).status_code == 404
    assert local.ask("POST", f"{path}/end").status_code == 404
    assert local.ask("GET", path).status_code == 404
    assert local.ask("PATCH", path, json={"user_status": "cancelled"}).status_code == 404
