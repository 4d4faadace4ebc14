from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from scribe_desktop.server.audio import decode
from tests.server.conftest import Local, wait_until_heard
from tests.server.scripted import wav


def test_a_dictation_goes_from_create_to_note(local: Local) -> None:
    session_id = local.create(templates=["soap"], model="lite", language_hint=["en"])
    for number in range(3):
        local.upload(session_id, number)
    local.end(session_id, 3)
    reply = local.result(session_id)
    assert reply.status_code == 200
    body = reply.json()
    assert body["status"] == "completed"
    assert body["transcript"] == "zero one two"
    assert body["audio_files"] == ["0.wav", "1.wav", "2.wav"]
    assert [list(item) for item in body["templates"]] == [["soap"]]
    assert body["templates"][0]["soap"]["status"] == "success"
    assert body["templates"][0]["soap"]["data"] == {"Said": "zero one two"}
    assert body["model_used"] == "lite"
    assert "error" not in body


def test_the_text_so_far_is_shown_while_speaking(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    local.upload(session_id, 1)
    wait_until_heard(local.service, session_id, "zero one")
    body = local.ask("GET", f"/voice/v1/sessions/{session_id}").json()
    assert body["transcript"] == "zero one"
    assert body["status"] == "recording"
    assert body["upload_url"].endswith(f"/sessions/{session_id}/audio")


def test_an_ended_session_is_held_until_its_result_is_there(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    local.end(session_id, 1)
    assert local.ask("GET", f"/voice/v1/sessions/{session_id}").json()["status"] == "completed"


def test_a_held_request_is_answered_the_moment_the_result_is_there(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.server.api.HOLD_S", 600.0)
    local.speech.gate.clear()
    session_id = local.create(templates=["soap"])
    local.upload(session_id, 0)
    local.end(session_id, 1)
    answers: SimpleQueue[Any] = SimpleQueue()
    path = f"/voice/v1/sessions/{session_id}"
    asking = Thread(target=lambda: answers.put(local.ask("GET", path)))
    asking.start()
    while not local.service.bell.waiting:
        assert answers.empty()
    local.speech.gate.set()
    assert answers.get(timeout=60.0).json()["transcript"] == "zero"
    asking.join()


def test_a_request_is_not_held_for_long(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribe_desktop.server.api.HOLD_S", 0.01)
    local.speech.gate.clear()
    session_id = local.create()
    local.upload(session_id, 0)
    local.end(session_id, 1)
    reply = local.ask("GET", f"/voice/v1/sessions/{session_id}")
    assert reply.status_code == 202
    assert reply.json()["status"] == "processing"
    local.speech.gate.set()
    assert local.result(session_id).status_code == 200


def test_silence_and_no_audio_at_all_complete_with_an_empty_transcript(local: Local) -> None:
    session_id = local.create(templates=["soap"])
    local.end(session_id, 0)
    body = local.result(session_id).json()
    assert body["status"] == "completed"
    assert body["transcript"] == ""


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_chunks_are_heard_in_numeric_order_however_they_come(
    local: Local, order: tuple[int, ...]
) -> None:
    session_id = local.create()
    for number in order:
        local.upload(session_id, number)
    local.end(session_id, 3)
    assert local.result(session_id).json()["transcript"] == "zero one two"


def test_the_same_name_twice_replaces(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0, 5)
    wait_until_heard(local.service, session_id, "five")
    local.upload(session_id, 0, 6)
    local.upload(session_id, 1, 7)
    local.end(session_id, 2)
    body = local.result(session_id).json()
    assert body["transcript"] == "six seven"
    assert body["audio_files_received"] == 2


def test_a_second_end_is_refused(local: Local) -> None:
    session_id = local.create()
    local.end(session_id, 0)
    again = local.ask("POST", f"/voice/v1/sessions/{session_id}/end", json={"audio_files_sent": 0})
    assert again.status_code == 400
    assert again.json()["error"]["code"] == "session_ended"


def test_an_upload_after_the_end_is_refused(local: Local) -> None:
    session_id = local.create()
    local.end(session_id, 0)
    late = local.ask("POST", f"/voice/v1/sessions/{session_id}/audio/audio_0.wav", content=wav(1))
    assert late.status_code == 400
    assert late.json()["error"]["code"] == "session_ended"


@pytest.mark.parametrize("body", [{"audio_files_sent": -1}, {"audio_files_sent": 1.5}])
def test_a_wrong_count_is_refused_and_the_session_stays_open(
    local: Local, body: dict[str, Any]
) -> None:
    session_id = local.create()
    reply = local.ask("POST", f"/voice/v1/sessions/{session_id}/end", json=body)
    assert reply.status_code == 422
    local.upload(session_id, 0)


def test_the_end_needs_no_body(local: Local) -> None:
    session_id = local.create()
    reply = local.ask("POST", f"/voice/v1/sessions/{session_id}/end")
    assert reply.status_code == 202
    assert reply.json()["audio_files"] == []


def test_missing_files_give_a_partial_result_that_says_so(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    local.end(session_id, 2)
    reply = local.result(session_id)
    assert reply.status_code == 206
    body = reply.json()
    assert body["status"] == "partial"
    assert body["transcript"] == "zero"
    assert body["audio_files_processed"] == 1
    assert body["processing_errors"][0]["type"] == "missing_audio"


def test_a_template_that_cannot_be_filled_leaves_the_rest(local: Local) -> None:
    session_id = local.create(templates=["impossible", "soap"])
    local.upload(session_id, 0)
    local.end(session_id, 1)
    body = local.result(session_id).json()
    assert body["status"] == "partial"
    assert body["templates"][0]["impossible"]["status"] == "failure"
    assert body["templates"][1]["soap"]["status"] == "success"


def test_an_engine_that_fails_costs_the_text_and_not_the_audio(local: Local) -> None:
    local.speech.failing = True
    session_id = local.create()
    local.upload(session_id, 0)
    local.end(session_id, 1)
    reply = local.result(session_id)
    assert reply.status_code == 200
    assert reply.json()["status"] == "failed"
    assert "missing" in reply.json()["error"]["message"]
    assert local.service.sessions.body(session_id, 0) == wav(0)


def test_a_session_older_than_an_hour_has_expired(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    local.clock.at += 3600
    reply = local.ask("GET", f"/voice/v1/sessions/{session_id}")
    assert reply.status_code == 410
    assert reply.json()["status"] == "expired"
    assert "templates" not in reply.json()
    late = local.ask("POST", f"/voice/v1/sessions/{session_id}/audio/audio_1.wav", content=wav(1))
    assert late.status_code == 410
    ended = local.ask("POST", f"/voice/v1/sessions/{session_id}/end", json={"audio_files_sent": 1})
    assert ended.status_code == 410


def test_a_session_takes_no_more_than_its_model_allows(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}/audio/audio_"
    local.service.sessions.accept(
        session_id, number=0, extension="wav", body=b"x", frames=3600 * 16_000
    )
    reply = local.ask("POST", f"{path}1.wav", content=wav(1))
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "session_duration_exceeded"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"templates": ["soap", "transcript_template", "impossible"]}, 400, "invalid_template"),
        ({"templates": ["no_such"]}, 400, "invalid_template"),
        ({"session_id": "too_short"}, 422, "invalid_request"),
        ({"session_id": "../../../../etc/passwd"}, 422, "invalid_request"),
        ({"session_id": "x" * 33}, 422, "invalid_request"),
        ({"model": "huge"}, 422, "invalid_request"),
        ({"upload_type": "carrier-pigeon"}, 422, "invalid_request"),
        ({"language_hint": ["tlh"]}, 422, "language_unsupported"),
        ({"patient_details": "Mrs Canary"}, 422, "invalid_request"),
    ],
)
def test_a_wrong_create_is_refused(
    local: Local, fields: dict[str, Any], status: int, code: str
) -> None:
    reply = local.ask("POST", "/voice/v1/sessions", json={"upload_type": "chunked"} | fields)
    assert reply.status_code == status
    assert reply.json()["error"]["code"] == code
    assert "Canary" not in reply.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"upload_type": "single"},
        {"language_hint": "en"},
        {"language_hint": ["EN-in", "xx"]},
        {"language_hint": ["auto_detect"]},
        {"transcript_language": ["en"]},
        {"communication_protocol": None, "templates": None, "model": None},
        {"an_unknown_field": 3, "flavour": "web"},
        {"session_id": "ses_0123456789abcdef0123"},
    ],
)
def test_every_dialect_of_create_is_taken(local: Local, fields: dict[str, Any]) -> None:
    reply = local.ask("POST", "/v1/sessions", json=fields)
    assert reply.status_code == 201
    assert reply.json()["upload_url"].startswith("http://127.0.0.1:8000/v1/sessions/")


def test_a_repeated_create_is_told_apart(local: Local) -> None:
    session_id = local.create(session_id="ses_0123456789abcdef")
    again = local.ask("POST", "/voice/v1/sessions", json={"session_id": session_id})
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "txn_already_initialized"


def test_patient_and_metadata_come_back_under_the_clients_names(local: Local) -> None:
    one = local.create(patient_details={"oid": "p1"}, additional_data={"source": "test"})
    two = local.create(session_details={"oid": "p2"})
    first = local.ask("GET", f"/voice/v1/sessions/{one}").json()
    second = local.ask("GET", f"/voice/v1/sessions/{two}").json()
    assert first["patient_details"] == {"oid": "p1"}
    assert first["additional_data"] == {"source": "test"}
    assert second["session_details"] == {"oid": "p2"}
    assert "patient_details" not in second


def test_much_metadata_is_kept_with_a_warning(local: Local) -> None:
    reply = local.ask("POST", "/voice/v1/sessions", json={"additional_data": {"x": "y" * 5000}})
    assert reply.status_code == 201
    assert "4096" in reply.json()["warnings"][0]


def test_cancel_is_final_and_takes_no_more_audio(local: Local) -> None:
    session_id = local.create()
    path = f"/voice/v1/sessions/{session_id}"
    both = {"user_status": "cancelled", "processing_status": "cancelled"}
    assert local.ask("PATCH", path, json=both).json()["status"] == "success"
    assert local.ask("GET", path).json()["status"] == "cancelled"
    assert local.ask("POST", f"{path}/audio/audio_0.wav", content=wav(0)).status_code == 400


def test_templates_and_patient_can_be_changed_before_the_end(local: Local) -> None:
    session_id = local.create(templates=["soap"])
    path = f"/voice/v1/sessions/{session_id}"
    change = {"templates": ["transcript_template"], "patient_details": {"oid": "p9"}}
    assert local.ask("PATCH", path, json=change).status_code == 200
    local.upload(session_id, 0)
    local.end(session_id, 1)
    body = local.result(session_id).json()
    assert [list(item) for item in body["templates"]] == [["transcript_template"]]
    assert body["patient_details"] == {"oid": "p9"}
    late = local.ask("PATCH", path, json={"templates": ["soap"]})
    assert late.status_code == 409


def test_model_languages_and_mode_can_be_changed_before_the_end(local: Local) -> None:
    session_id = local.create(language_hint=["de"])
    path = f"/voice/v1/sessions/{session_id}"
    change = {"session_mode": "consultation", "transcript_language": "en"}
    assert local.ask("PATCH", path, json=change).status_code == 200
    assert local.ask("PATCH", path, json={"language_hint": ["hi"]}).status_code == 200
    changed = local.service.sessions.find(session_id)
    assert (changed.mode, changed.languages) == ("consultation", ("hi",))
    cannot = local.ask("PATCH", path, json={"model": "lite"})
    assert cannot.json()["error"]["code"] == "language_unsupported"
    both = {"model": "lite", "language_hint": ["en"]}
    assert local.ask("PATCH", path, json=both).status_code == 200
    local.clock.at += 3600
    assert local.ask("PATCH", path, json={"additional_data": {}}).status_code == 410


def test_a_file_that_can_no_longer_be_read_costs_itself_alone(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    local.service.sessions.accept(
        session_id, number=1, extension="webm", body=b"spoiled", frames=1600
    )
    local.upload(session_id, 2)
    local.end(session_id, 3)
    body = local.result(session_id).json()
    assert body["status"] == "partial"
    assert body["transcript"] == "zero two"
    assert [item.get("file") for item in body["processing_errors"]] == ["1.webm"]
    link = local.ask("GET", f"/v1/sessions/{session_id}/audio").json()["audio_url"]
    whole = local.client.get(link.removeprefix("http://127.0.0.1:8000"))
    lasts_s = len(decode(whole.content)) / 16_000
    assert lasts_s == pytest.approx(0.3, abs=0.12), "what cannot be read is silence in its place"


@pytest.mark.parametrize("body", [{}, {"no_such_field": 1}, {"user_status": "elsewhere"}])
def test_a_change_of_nothing_or_of_the_unknown_is_refused(
    local: Local, body: dict[str, Any]
) -> None:
    session_id = local.create()
    reply = local.ask("PATCH", f"/voice/v1/sessions/{session_id}", json=body)
    assert reply.status_code == 422


def test_a_status_can_be_narrowed_to_one_note(local: Local) -> None:
    session_id = local.create(templates=["soap", "transcript_template"])
    local.end(session_id, 0)
    local.result(session_id)
    path = f"/voice/v1/sessions/{session_id}"
    body = local.ask("GET", f"{path}?template_id=soap").json()
    assert [list(item) for item in body["templates"]] == [["soap"]]
    assert local.ask("GET", f"{path}?document_id=doc_none").status_code == 404


def test_the_speakers_own_words_reach_the_engine(local: Local) -> None:
    session_id = local.create(additional_data={"vocabulary": ["lisinopril"]})
    local.upload(session_id, 0)
    local.end(session_id, 1)
    local.result(session_id)
    assert local.speech.expected == ("lisinopril",)
