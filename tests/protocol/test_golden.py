"""Every shape of PROTOCOL.md goes through the reader; the files beside this one list them."""

import json
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.results import FilesTold
from scribe_desktop.protocol import errors, requests
from scribe_desktop.protocol.dialects import DIALECTS
from scribe_desktop.protocol.origins import ForbiddenAddress
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.responses import Answer, Finished, Gone, Processing, read_answer

GOLDEN = Path(__file__).parent / "golden"
BASE = "https://api.test/voice/v1"


def cases(name: str) -> pytest.MarkDecorator:
    listed = json.loads((GOLDEN / name).read_text("utf-8"))
    return pytest.mark.parametrize("case", listed, ids=[case["name"] for case in listed])


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


@cases("refusals.json")
def test_refusals(case: dict[str, Any]) -> None:
    body = encoded(case["body"])
    for in_session, place in ((True, "in_session"), (False, "elsewhere")):
        error = errors.refusal(case["status"], body, in_session=in_session, retry_after_s=3.0)
        assert error.retry == case[place]
        assert error.code == case["code"]
        assert error.status == case["status"]
        assert error.retry_after_s == 3.0
        assert "Canary" not in str(error)


@pytest.mark.parametrize(
    ("status", "code", "is_taken"),
    [
        (409, "", True),
        (409, "txn_already_initialized", True),
        (409, "something_new", True),
        (409, "session_already_committed", False),
        (409, "session_ended", False),
        (400, "txn_already_initialized", False),
    ],
)
def test_what_may_be_the_echo_of_a_lost_reply(status: int, code: str, *, is_taken: bool) -> None:
    body = encoded({"error": {"code": code}})
    refused = errors.refusal(status, body, in_session=True)
    assert errors.says_taken(refused) is is_taken


def test_what_a_service_denies_is_said_with_what_to_do() -> None:
    said = [errors.taken_by_another(409), errors.found_short()]
    said += [errors.not_ended(denials) for denials in (1, 3, 4, 9)]
    assert all("safe" in error.message and error.remedy for error in said)
    assert [str(error.retry) for error in said[2:]] == ["later"] * 2 + ["fresh_session"] * 2


def kind_of(answer: Answer) -> str:
    match answer:
        case Finished(results):
            return str(results.outcome)
        case Gone():
            return "gone"
        case Processing():
            return "processing"


@cases("answers.json")
def test_answers(case: dict[str, Any]) -> None:
    answer = read_answer(case["status"], encoded(case["body"]), "ses_1", BASE, 2.0)
    assert kind_of(answer) == case["kind"]
    if isinstance(answer, Processing):
        assert answer.ended is case["ended"]
        assert answer.transcript == case.get("transcript", "")
        assert answer.received == case.get("received")
        assert answer.remote.expires_at == case.get("expires_at")
        assert answer.retry_after_s == 2.0
    if isinstance(answer, Finished):
        results = answer.results
        assert results.transcript == case.get("transcript")
        assert list(results.errors) == case.get("errors", [])
        assert [list(entry) for entry in answer.to_fetch] == case.get("to_fetch", [])
        if "notes" in case:
            notes = [[note.template_id, str(note.status), note.content] for note in results.notes]
            assert notes == case["notes"]


def test_what_a_template_warns_of_and_what_went_wrong_is_kept() -> None:
    entry = {
        "status": "partial_success",
        "data": "x",
        "document_id": "d",
        "errors": [{"code": "timeout"}, "bare", 7],
        "warnings": [{"type": "w", "msg": "Careful"}],
        "error": {"code": "insufficient_audio", "message": "Too short"},
    }
    answer = read_answer(
        200, encoded({"status": "completed", "templates": {"soap": entry}}), "ses_1", BASE
    )
    assert isinstance(answer, Finished)
    (note,) = answer.results.notes
    assert note.document_id == "d"
    assert note.errors == ("timeout", "bare", "7", "Too short")
    assert note.warnings == ("Careful",)


@cases("upload_targets.json")
def test_upload_targets(case: dict[str, Any]) -> None:
    target = requests.upload_target(case["target"])
    chunk = EncodedChunk(3, b"x", 1)
    dialect = DIALECTS[case["dialect"]]
    refusals = {"Unreadable": Unreadable, "ForbiddenAddress": ForbiddenAddress}
    if "refused" in case:
        with pytest.raises(refusals[case["refused"]]):
            requests.upload(target, "ses_1", BASE, chunk, dialect)
        return
    plan = requests.upload(target, "ses_1", BASE, chunk, dialect)
    assert (plan.url, plan.media_type) == (case["url"], case["media_type"])
    assert isinstance(plan, requests.FormUpload) == ("fields" in case)
    assert requests.is_form(target) == ("fields" in case)
    if isinstance(plan, requests.FormUpload):
        assert plan.fields == case["fields"]
        assert plan.file_name == "4.webm"


@pytest.mark.parametrize(
    ("told", "files"),
    [
        ({}, FilesTold()),
        (
            {"audio_files_received": 2, "audio_files": ["audio_1.webm", "audio_0.webm"]},
            FilesTold(2, (0, 1)),
        ),
        ({"audio_files": ["0.webm", "s3://b/ses_12/chunk_10.webm"]}, FilesTold(None, (0, 10))),
        ({"audio_files": ["3", "audio-4.wav"]}, FilesTold(None, (3, 4))),
        # Half a list, and one that names a number twice, would make whole files look missing.
        ({"audio_files": ["audio_0.webm", "speech.webm"]}, FilesTold()),
        ({"audio_files": ["audio_0.webm", {"name": "audio_1.webm"}]}, FilesTold()),
        ({"audio_files": ["audio_0.webm", "0.webm"]}, FilesTold()),
        (
            {
                "processing_errors": [
                    {"type": "unreadable_audio", "file": "audio_3.webm"},
                    {"type": "missing_audio"},
                    "nonsense",
                    {"file": ["audio_1.webm"]},
                ]
            },
            FilesTold(unread=(3,)),
        ),
        (
            {"audio_files_received": "many", "audio_files": None, "processing_errors": 7},
            FilesTold(),
        ),
    ],
)
def test_which_files_the_service_says_it_has(told: dict[str, Any], files: FilesTold) -> None:
    body = {"status": "partial", "transcript": "Go on.", **told}
    answer = read_answer(206, encoded(body), "ses_1", BASE)
    assert isinstance(answer, Finished)
    assert answer.results.files == files
