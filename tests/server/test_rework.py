"""What a clinician does after the dictation: other notes, edits, history, listening again."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.server.audio import decode
from scribe_desktop.server.sessions import Keep
from tests.server.conftest import Local
from tests.server.scripted import wav_of

DOCUMENTS = "/voice/api/v1/documents"
HISTORY = "/voice/api/v2/transaction/history"


def dictated(local: Local, **fields: Any) -> str:
    session_id = local.create(**fields)
    local.upload(session_id, 0)
    local.end(session_id, 1)
    local.result(session_id)
    return session_id


def local_path(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def test_another_template_is_filled_afterwards(local: Local) -> None:
    session_id = dictated(local)
    path = f"/voice/v1/sessions/{session_id}"
    begun = local.ask("POST", f"{path}/process/template/soap")
    assert begun.status_code == 202
    body = local.result(session_id).json()
    assert body["status"] == "completed"
    note = body["templates"][0]["soap"]
    assert note["document_id"] == begun.json()["document_id"]
    assert note["data"] == {"Said": "zero"}


def test_the_template_may_be_left_out_when_the_session_has_one(local: Local) -> None:
    session_id = dictated(local, templates=["soap"])
    path = f"/voice/v1/sessions/{session_id}/process/template"
    assert local.ask("POST", path).json()["template_id"] == "soap"
    assert len(local.result(session_id).json()["templates"]) == 2
    bare = dictated(local)
    refused = local.ask("POST", f"/voice/v1/sessions/{bare}/process/template")
    assert refused.status_code == 404


def test_a_note_can_be_written_again_under_its_own_id(local: Local) -> None:
    session_id = dictated(local, templates=["soap"])
    before = local.result(session_id).json()["templates"][0]["soap"]["document_id"]
    path = f"/voice/v1/sessions/{session_id}/process/template/soap?document_id={before}"
    assert local.ask("POST", path).json()["document_id"] == before
    templates = local.result(session_id).json()["templates"]
    assert [item["soap"]["document_id"] for item in templates] == [before]
    other = dictated(local)
    path = f"/voice/v1/sessions/{other}/process/template/soap?document_id={before}"
    assert local.ask("POST", path).status_code == 404


def test_an_open_session_and_an_unknown_template_are_refused(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/process/template/"
    assert local.ask("POST", path + "soap").json()["error"]["code"] == "active_session"
    done = dictated(local)
    path = f"/voice/v1/sessions/{done}/process/template/"
    assert local.ask("POST", path + "none").json()["error"]["code"] == "template_not_found"


def test_a_failed_session_is_heard_again_from_its_stored_audio(local: Local) -> None:
    local.speech.failing = True
    session_id = dictated(local, templates=["soap"])
    assert local.result(session_id).json()["status"] == "failed"
    local.speech.failing = False
    path = f"/voice/v1/sessions/{session_id}/process/template/soap"
    assert local.ask("POST", path).status_code == 202
    body = local.result(session_id).json()
    assert body["status"] == "completed"
    assert body["transcript"] == "zero"
    assert len(body["templates"]) == 1
    assert "error" not in body


def test_a_typed_text_becomes_notes_without_audio(local: Local) -> None:
    session_id = local.create(templates=["soap"])
    path = f"/voice/api/v1/transaction/{session_id}/convert-to-template"
    reply = local.ask("POST", path, json={"transcript": "Typed words."})
    assert reply.status_code == 202
    assert reply.json()["template_id"] == "soap"
    body = local.result(session_id).json()
    assert body["transcript"] == "Typed words."
    assert body["templates"][0]["soap"]["data"] == {"Said": "Typed words."}
    assert local.ask("POST", path, json={"transcript": "More."}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"target_language": "hi"}, 422),
        ({"transcript": "x", "template_id": "none"}, 404),
        ({"transcript": ""}, 422),
        ({"target_language": "eng"}, 400),
    ],
)
def test_a_conversion_that_cannot_be_is_refused(
    local: Local, body: dict[str, Any], status: int
) -> None:
    session_id = local.create()
    path = f"/voice/api/v1/transaction/{session_id}/convert-to-template"
    assert local.ask("POST", path, json=body).status_code == status


def test_a_clinicians_edit_is_kept_and_shown(local: Local) -> None:
    session_id = dictated(local, templates=["soap"])
    note = local.result(session_id).json()["templates"][0]["soap"]
    saved = local.ask(
        "POST", DOCUMENTS, json={"session_id": session_id, "document_id": note["document_id"]}
    )
    assert saved.status_code == 200
    link = local_path(saved.json()["data"]["presigned_url"])
    del local.client.headers["Authorization"]
    put = local.ask("PUT", link, content="# Edited\n\nBy hand: 5 µg.".encode())
    assert put.status_code == 200
    assert local.ask("GET", link).status_code == 403, "an address to write is not one to read"
    local.client.headers.update(local.headers)
    read = local.ask("GET", f"{DOCUMENTS}/{note['document_id']}").json()["data"]
    text = local.ask("GET", local_path(read["presigned_url"]))
    assert text.text == "# Edited\n\nBy hand: 5 µg."
    shown = local.result(session_id).json()["templates"][0]["soap"]
    assert shown["data"] == "# Edited\n\nBy hand: 5 µg."


@pytest.mark.parametrize("field", ["errors", "warnings"])
def test_what_is_no_list_of_objects_is_refused(local: Local, field: str) -> None:
    session_id = dictated(local)
    for value in ("text", ["text"], {"a": 1}):
        reply = local.ask("POST", DOCUMENTS, json={"session_id": session_id, field: value})
        assert reply.status_code == 422
    kept = local.ask("POST", DOCUMENTS, json={"session_id": session_id, field: [{"msg": "x"}]})
    assert kept.json()["data"][field] == [{"msg": "x"}]


def test_a_text_that_is_none_is_refused(local: Local) -> None:
    session_id = dictated(local)
    made = local.ask("POST", DOCUMENTS, json={"session_id": session_id}).json()["data"]
    link = local_path(made["presigned_url"])
    assert local.ask("PUT", link, content=b"\xff\xfe").status_code == 400


def test_while_another_note_is_written_the_session_is_not_called_complete(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.server.api.HOLD_S", 0.01)
    done = dictated(local)
    local.speech.gate.clear()
    busy = local.create()
    local.upload(busy, 0)
    local.end(busy, 1)
    while not local.speech.stopped_at_the_gate.wait(0.01):
        assert local.service.sessions.find(busy).status == "processing"
    path = f"/voice/v1/sessions/{done}"
    assert local.ask("POST", f"{path}/process/template/soap").status_code == 202
    reply = local.ask("GET", path)
    assert reply.status_code == 202
    assert reply.json()["status"] == "processing"
    assert local.ask("GET", f"/voice/api/v1/sessions/{done}").status_code == 202
    local.speech.gate.set()
    assert local.result(done).json()["templates"][0]["soap"]["status"] == "success"


def test_a_new_document_is_made_read_and_removed(local: Local) -> None:
    session_id = dictated(local)
    body = {"session_id": session_id, "document_name": "Letter", "type": "custom"}
    made = local.ask("POST", DOCUMENTS, json=body)
    assert made.status_code == 201
    document_id = made.json()["data"]["document_id"]
    path = f"{DOCUMENTS}/{document_id}"
    assert local.ask("GET", path).json()["data"]["document_name"] == "Letter"
    for _ in range(2):
        assert local.ask("DELETE", path).status_code == 200
    assert local.ask("GET", path).status_code == 404


def test_a_document_of_another_session_is_not_found(local: Local) -> None:
    one, two = dictated(local, templates=["soap"]), dictated(local)
    note = local.result(one).json()["templates"][0]["soap"]["document_id"]
    body = {"session_id": two, "document_id": note}
    assert local.ask("POST", DOCUMENTS, json=body).status_code == 404


def test_a_presigned_address_cannot_be_changed_and_grows_old(local: Local) -> None:
    session_id = dictated(local, templates=["soap"])
    note = local.result(session_id).json()["templates"][0]["soap"]["document_id"]
    link = local_path(local.ask("GET", f"{DOCUMENTS}/{note}").json()["data"]["presigned_url"])
    assert local.ask("GET", link).status_code == 200
    assert local.ask("GET", link.replace("expires=1", "expires=2")).status_code == 403
    assert local.ask("GET", link.partition("?")[0]).status_code == 403
    local.clock.at += 3601
    assert local.ask("GET", link).status_code == 403


def test_the_history_is_newest_first_and_404_when_empty(local: Local) -> None:
    assert local.ask("GET", HISTORY).status_code == 404
    first = local.create(patient_details={"oid": "p1"})
    local.clock.at += 1
    second = local.create()
    local.clock.at += 1
    cancelled = local.create()
    local.ask("PATCH", f"/v1/sessions/{cancelled}", json={"user_status": "cancelled"})
    body = local.ask("GET", f"{HISTORY}?count=5").json()
    assert [item["txn_id"] for item in body["data"]] == [second, first]
    assert body["retrieved_count"] == 2
    only = local.ask("GET", f"{HISTORY}?oid=p1").json()
    assert [item["txn_id"] for item in only["data"]] == [first]
    assert local.ask("GET", f"{HISTORY}?count=0").status_code == 422
    assert local.ask("DELETE", f"/voice/api/v2/transaction/{second}").status_code == 200
    assert local.ask("GET", HISTORY).json()["retrieved_count"] == 1


def test_a_session_is_shown_with_its_documents(local: Local) -> None:
    session_id = dictated(local, templates=["soap"])
    path = f"/voice/api/v1/sessions/{session_id}"
    data = local.ask("GET", f"{path}?presigned=true").json()["data"]
    assert data["status"] == "completed"
    assert data["processed_at"] >= data["committed_at"]
    text = local.ask("GET", local_path(data["documents"][0]["presigned_url"])).text
    assert text == "# SOAP\n\nzero\n"
    assert "presigned_url" not in local.ask("GET", path).json()["data"]["documents"][0]


def tone(hertz: float, seconds: float = 1.0) -> NDArray[np.int16]:
    at = np.arange(int(16_000 * seconds)) / 16_000
    return (8_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def loudest_hertz(pcm: NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(pcm))
    return float(np.argmax(spectrum)) * 16_000 / len(pcm)


def test_the_recording_is_one_mp3_of_all_files_in_order(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio"
    tones = (300.0, 600.0, 900.0)
    for number in (2, 0, 1):
        body = wav_of(tone(tones[number]))
        local.ask("POST", f"{path}/audio_{number}.wav", content=body).raise_for_status()
    assert local.ask("GET", path).json()["error"]["code"] == "audio_not_available"
    local.end(session_id, 3)
    local.result(session_id)
    link = local.ask("GET", path).json()
    del local.client.headers["Authorization"]
    sound = local.ask("GET", local_path(link["audio_url"]))
    assert sound.headers["content-type"] == "audio/mpeg"
    pcm = decode(sound.content)
    assert abs(len(pcm) - 3 * 16_000) < 16_000 * 0.2, "frames of MP3 are whole"
    heard = [loudest_hertz(pcm[n * 16_000 + 4_000 :][:8_000]) for n in range(3)]
    assert heard == pytest.approx(tones, abs=5)
    assert local.ask("GET", local_path(link["audio_url"]) + "0").status_code == 403


def test_a_piece_that_cannot_be_read_is_silence_of_its_length(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio"
    for number in range(3):
        local.ask("POST", f"{path}/audio_{number}.wav", content=wav_of(tone(500.0)))
    local.end(session_id, 3)
    local.result(session_id)
    whole = local.speech.decode

    def damaged(body: bytes) -> NDArray[np.int16]:
        damaged.looks += 1  # type: ignore[attr-defined]
        if damaged.looks == 2:  # type: ignore[attr-defined]
            raise AudioFileError("It cannot be read.")
        return whole(body)

    damaged.looks = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(local.speech, "decode", damaged)
    pcm = decode(local.ask("GET", local_path(local.ask("GET", path).json()["audio_url"])).content)
    loud = [np.abs(pcm[n * 16_000 + 4_000 :][:8_000]).max() > 1_000 for n in range(3)]
    assert loud == [True, False, True]


def test_old_audio_goes_first_and_the_session_after_a_month(local: Local) -> None:
    session_id = dictated(local)
    path = f"/v1/sessions/{session_id}"
    local.clock.at += 24 * 3600 - 1
    local.service.sweep()
    assert local.ask("GET", f"{path}/audio").status_code == 200
    local.clock.at += 2
    local.service.sweep()
    assert local.ask("GET", f"{path}/audio").json()["error"]["code"] == "audio_not_available"
    assert local.ask("GET", path).json()["transcript"] == "zero"
    local.clock.at += 30 * 24 * 3600
    local.service.sweep()
    assert local.ask("GET", path).status_code == 404


def test_audio_that_can_still_be_heard_again_or_is_being_heard_stays(local: Local) -> None:
    local.speech.failing = True
    failed = dictated(local)
    local.speech.failing = False
    opened = local.create()
    local.upload(opened, 0)
    thrown_away = local.create()
    local.upload(thrown_away, 0)
    local.ask("PATCH", f"/v1/sessions/{thrown_away}", json={"user_status": "cancelled"})
    at_once = Keep(audio_s=0.0, sessions_s=0.0)
    local.service.sessions.forget(at_once)
    assert len(local.service.sessions.files(opened)) == 1
    local.clock.at += 3600
    local.service.sweep()
    local.service.sessions.forget(at_once)
    kept = [bool(local.service.sessions.files(name)) for name in (failed, opened, thrown_away)]
    assert kept == [True, False, False]


def test_what_was_taken_out_of_the_history_is_removed_once_it_is_over(local: Local) -> None:
    over, opened = dictated(local), local.create()
    for session_id in (over, opened):
        local.ask("DELETE", f"/voice/api/v2/transaction/{session_id}")
    local.service.sweep()
    assert local.ask("GET", f"/v1/sessions/{over}").status_code == 404
    assert local.service.sessions.files(over) == []
    assert local.ask("GET", f"/v1/sessions/{opened}").status_code == 202, "it is still going on"


def test_audio_to_be_kept_for_no_time_goes_with_the_result(local: Local) -> None:
    session_id = dictated(local)
    local.service.sessions.forget(Keep(audio_s=0.0, sessions_s=0.0))
    assert local.service.sessions.files(session_id) == []
    assert local.ask("GET", f"/v1/sessions/{session_id}").json()["transcript"] == "zero"


def test_both_lists_show_the_clinics_own_templates(local: Local) -> None:
    path = "/voice/api/v1/template"
    body = {"title": "Eye clinic", "section_ids": [], "desc": "# Right eye\n# Left eye"}
    made = local.ask("POST", path, json=body)
    assert made.status_code == 201
    own = made.json()["template_id"]
    session_id = local.create(templates=[own])
    assert local.ask("GET", path).json()["items"][-1]["title"] == "Eye clinic"
    assert local.ask("GET", "/v1/templates").json()["templates"][-1]["id"] == own
    assert local.ask("PATCH", f"{path}/{own}", json={"title": "Eyes"}).status_code == 200
    assert local.ask("GET", path).json()["items"][-1]["title"] == "Eyes"
    assert local.ask("PATCH", f"{path}/{own}", json={}).status_code == 422
    assert local.ask("DELETE", f"{path}/{own}").status_code == 200
    assert local.ask("DELETE", f"{path}/{own}").status_code == 404
    assert local.ask("PATCH", f"{path}/soap", json={"title": "x"}).status_code == 403
    local.end(session_id, 0)
    assert local.result(session_id).json()["status"] == "completed"


def test_an_empty_filter_is_none(local: Local) -> None:
    path = f"/v1/sessions/{dictated(local, templates=['soap'])}"
    for query in ("?template_id=", "?document_id=&template_id=soap", "?template_id=soap"):
        assert len(local.ask("GET", path + query).json()["templates"]) == 1
    assert local.ask("GET", path + "?template_id=other").status_code == 404


def test_an_address_says_all_its_methods(local: Local) -> None:
    path = f"/v1/sessions/{local.create(session_mode='bdic_2025')}"
    refused = local.ask("DELETE", path)
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD, PATCH"
    assert local.ask("GET", "/v1/sessions").headers["allow"] == "POST"


def test_choices_and_health_can_be_asked(local: Local) -> None:
    data = local.ask("GET", "/voice/api/v2/config/").json()["data"]
    assert data["max_selection"]["output_formats"] == 2
    assert local.ask("GET", "/healthz").json() == {"status": "ok"}
