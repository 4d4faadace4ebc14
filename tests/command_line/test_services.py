"""Accounts, templates and history of a service from the command line."""

import json
from pathlib import Path

import pytest

from tests.command_line.conftest import SAMPLE, Scribe
from tests.faults.real_service import TOKEN, RealService
from tests.peers.accounts import AccountsPeer
from tests.server.conftest import Clock


def told(scribe: Scribe, base_url: str, *arguments: str, text: str = "") -> str:
    ran = scribe(*arguments, "--service", base_url, "--dialect", "onprem", text=text)
    assert ran.exit_code == 0, ran.err
    assert "canary" not in ran.err
    return ran.out


def test_a_password_is_read_from_stdin_and_a_sign_in_is_said(scribe: Scribe) -> None:
    with AccountsPeer() as peer:
        said = told(
            scribe,
            peer.base_url,
            *("sign-in", "password", "--name", "doc"),
            text="canary-password\n",
        )
        assert said.startswith("Signed in to 127.0.0.1")
        assert "until you close the program" in said, "there is no keyring here"
        assert peer.issued == 1


def test_a_code_is_shown_and_waited_for(scribe: Scribe) -> None:
    with AccountsPeer() as peer:
        ran = scribe("sign-in", "device", "--service", peer.base_url, "--dialect", "onprem")
        assert ran.exit_code == 0, ran.err
        assert "BCDF-2345" in ran.err
        assert peer.issued == 1


def test_this_computer_needs_no_account(scribe: Scribe) -> None:
    for command in (("sign-in", "token"), ("sign-out",)):
        said = scribe(*command, "--service", "this-computer", "--json", text="x\n")
        assert said.record("account")["signed_in"] is True


def test_a_wrong_password_is_a_sentence_and_no_traceback(scribe: Scribe) -> None:
    with AccountsPeer() as peer:
        ran = scribe(
            *("sign-in", "password", "--name", "doc", "--service", peer.base_url),
            text="canary-wrong\n",
        )
        assert ran.exit_code == 1
        assert "did not accept" in ran.err
        assert "Traceback" not in ran.err


def test_templates_and_history(scribe: Scribe, tmp_path: Path) -> None:
    service = RealService(tmp_path / "service", Clock())
    base_url = f"http://127.0.0.1:{service.port}/voice/v1"
    token = {"SCRIBE_DESKTOP_TOKEN": TOKEN}
    place = ("--service", base_url, "--json")
    made = scribe("template-save", "Letter", "-", *place, text="## Dear colleague\n", env=token)
    assert made.exit_code == 0, made.err
    template_id = made.record("template")["id"]
    listed = scribe("templates", *place, env=token).record("templates")
    assert template_id in {one["id"] for one in listed}
    assert scribe("history", *place, env=token).record("history") == []
    assert scribe("template-delete", template_id, *place, env=token).exit_code == 0
    service.close()


@pytest.mark.engine
def test_a_dictation_gets_another_note_and_is_saved_on_the_service(scribe: Scribe) -> None:
    dictated = scribe("dictate", "--file", str(SAMPLE), "--model", "lite", "--json")
    assert dictated.exit_code == 0, dictated.err
    filled = scribe("fill", "last", "soap", "--json").record("dictation")
    assert "soap" in {one["id"] for one in filled["templates"]}
    assert filled["transcript"] == json.loads(dictated.out)["transcript"]
    pushed = scribe("push", "last", "--json").record("pushed")
    assert len(pushed["documents"]) == len(filled["templates"])
    amended = scribe("amend", "last", "--language", "en", "--json")
    assert amended.exit_code == 0, amended.err


def test_notes_are_written_from_a_text(scribe: Scribe, tmp_path: Path) -> None:
    service = RealService(tmp_path / "service", Clock())
    base_url = f"http://127.0.0.1:{service.port}/voice/v1"
    ran = scribe(
        *("write", "-", "--template", "soap", "--service", base_url, "--json"),
        text="Blood pressure 120 over 80.",
        env={"SCRIBE_DESKTOP_TOKEN": TOKEN},
    )
    service.close()
    assert ran.exit_code == 0, ran.err
    record = ran.record("dictation")
    assert record["transcript"] == "Blood pressure 120 over 80."
    assert [note["id"] for note in record["templates"]] == ["soap"]
    assert record["audio_seconds"] == 0.0


def test_a_text_without_words_is_refused(scribe: Scribe) -> None:
    ran = scribe("write", "-", text=" \n")
    assert ran.exit_code == 1
    assert "There is no text yet." in ran.err
