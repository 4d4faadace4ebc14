"""The engine thread: whose turn it is, what a crash costs, and what it never loses."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.errors import DiskFull, SpoolError, SpoolFromTheFuture
from scribe_desktop.server.api import build
from scribe_desktop.server.hearing import Feed, Finish, Restart, Wait, next_hearing
from scribe_desktop.server.service import Service
from scribe_desktop.server.sessions import Session
from scribe_desktop.server.store import Store
from scribe_desktop.server.turns import Hear, Prepare, Rest, Stop, Turns
from tests.server.conftest import Clock, Local, parts, wait_until_heard
from tests.server.scripted import BROKEN, ScriptedSpeech, wav, wav_of

KEY = bytes(32)


def test_whoever_waits_for_the_text_goes_first() -> None:
    turns = Turns()
    turns.ask("a", urgent=False)
    turns.ask("b", urgent=False)
    turns.ask("c", urgent=True)
    turns.ask("c", urgent=False)
    turns.prepare("pro")
    taken = [turns.next(1.0) for _ in range(4)]
    assert taken == [Prepare("pro"), Hear("c"), Hear("a"), Hear("b")]
    assert turns.next(0.0) == Rest()
    turns.stop()
    turns.ask("d", urgent=True)
    assert turns.next(1.0) == Stop()


def test_what_could_not_be_stored_has_another_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribe_desktop.server.turns._STORE_PAUSE_S", 0.01)
    turns = Turns()
    turns.park("a")
    assert turns.next(5.0) == Hear("a")


@given(st.permutations(range(5)), st.integers(0, 1), st.data())
def test_every_order_of_arrival_is_heard_once_in_numeric_order(
    order: list[int], base: int, data: st.DataObject
) -> None:
    files: dict[int, str] = {}
    heard: dict[int, str] = {}

    def hear_all(*, ended: bool) -> None:
        nonlocal heard
        for _ in range(50):
            match next_hearing(heard, files, ended=ended):
                case Feed(number):
                    assert not heard or number > max(heard)
                    heard[number] = files[number]
                case Restart():
                    heard = {}
                case Finish() | Wait():
                    return
        raise AssertionError("never done")

    for number in order:
        files[number + base] = "first"
        if data.draw(st.booleans()):
            files[number + base] = "second"
        hear_all(ended=False)
    hear_all(ended=True)
    assert heard == files
    assert next_hearing(heard, files, ended=True) == Finish()


def crash(service: Service) -> None:
    """As a kill: nothing is written any more, and the store is simply open no longer."""
    assert service.stop(5.0)
    service.store.close()


def again(folder: Path, speech: ScriptedSpeech) -> Service:
    service = build(parts(Store.open(folder, KEY), speech, Clock()))
    service.start()
    return service


def accept(service: Service, session_id: str, number: int) -> None:
    body = wav(number, seconds=1.0)
    service.sessions.accept(session_id, number=number, extension="wav", body=body, frames=16_000)
    service.transcription.wake(session_id)


def test_after_a_crash_only_what_was_not_settled_is_listened_to_again(tmp_path: Path) -> None:
    session = Session(
        "ses_0123456789abcdef", 1_780_000_000.0, 1_780_003_600.0, "created", "pro", 60.0
    )
    first = again(tmp_path, ScriptedSpeech())
    first.sessions.add(session)
    for number in range(3):
        accept(first, session.id, number)
    wait_until_heard(first, session.id, "zero one two")
    crash(first)
    speech = ScriptedSpeech()
    second = again(tmp_path, speech)
    accept(second, session.id, 3)
    wait_until_heard(second, session.id, "zero one two three")
    assert speech.made[-1].listened == 16_000
    crash(second)


def test_a_changed_beginning_is_listened_to_from_the_start(tmp_path: Path) -> None:
    session = Session(
        "ses_0123456789abcdef", 1_780_000_000.0, 1_780_003_600.0, "created", "pro", 60.0
    )
    first = again(tmp_path, ScriptedSpeech())
    first.sessions.add(session)
    accept(first, session.id, 0)
    accept(first, session.id, 1)
    wait_until_heard(first, session.id, "zero one")
    crash(first)
    speech = ScriptedSpeech()
    store = Store.open(tmp_path, KEY)
    second = build(parts(store, speech, Clock()))
    second.sessions.accept(
        session.id, number=0, extension="wav", body=wav(9, seconds=1.0), frames=16_000
    )
    second.start()
    wait_until_heard(second, session.id, "nine one")
    assert speech.made[-1].listened == 32_000
    crash(second)


def test_an_engine_that_breaks_on_one_chunk_is_tried_again_and_then_told(local: Local) -> None:
    session_id = local.create()
    local.upload(session_id, 0)
    broken = wav_of(np.full(1600, BROKEN, np.int16))
    path = f"/v1/sessions/{session_id}/audio/audio_1.wav"
    assert local.ask("POST", path, content=broken).status_code == 200
    local.end(session_id, 2)
    body = local.result(session_id).json()
    assert body["status"] == "failed"
    assert body["error"]["code"] == "processing_failed"
    assert len(local.service.sessions.files(session_id)) == 2


def test_a_full_disk_is_answered_with_later_and_the_result_follows_when_there_is_room(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.server.turns._STORE_PAUSE_S", 0.01)
    session_id = local.create()
    local.upload(session_id, 0)
    store, room = local.service.store, local.service.store.writing
    local.speech.gate.clear()
    local.end(session_id, 1)

    def full() -> None:
        raise DiskFull("The disk is full.", "Make room.")

    monkeypatch.setattr(store, "writing", full)
    local.speech.gate.set()
    refused = local.ask("POST", "/v1/sessions", json={})
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    monkeypatch.setattr(store, "writing", room)
    assert local.result(session_id).json()["transcript"] == "zero"


def test_the_engine_gives_its_memory_back_when_nobody_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.server.transcription._REST_AFTER_S", 0.01)
    speech = ScriptedSpeech()
    service = again(tmp_path, speech)
    assert speech.released.wait(5.0)
    crash(service)


def test_a_mistake_of_ours_does_not_silence_the_engine(
    local: Local, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(_: str) -> Session:
        raise LookupError("Canary Patient")

    session_id = local.create()
    local.upload(session_id, 0)
    wait_until_heard(local.service, session_id, "zero")
    find = local.service.sessions.find
    monkeypatch.setattr(local.service.sessions, "find", mistake)
    local.service.transcription.wake(session_id)
    other = local.service.transcription
    while "goes on" not in caplog.text:
        other.wake(session_id)
    monkeypatch.setattr(local.service.sessions, "find", find)
    local.end(session_id, 1)
    assert local.result(session_id).json()["transcript"] == "zero"
    assert "Canary" not in caplog.text


def test_a_store_from_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    store = Store.open(tmp_path, KEY)
    with store.reading() as rows:
        rows.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(SpoolFromTheFuture):
        Store.open(tmp_path, KEY)
    assert [file.name for file in tmp_path.iterdir()] == ["service.db"]


def test_a_store_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "service.db").mkdir()
    with pytest.raises(SpoolError, match="could not open"):
        Store.open(tmp_path, KEY)


def test_a_write_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path, KEY)

    def halfway() -> None:
        with store.writing() as rows:
            rows.execute("INSERT INTO meta VALUES ('a', 'b')")
            rows.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(SpoolError, match="recording is safe"):
        halfway()
    with store.reading() as rows:
        assert rows.execute("SELECT count(*) FROM meta").fetchone()[0] == 0
    store.close()


def test_a_store_of_another_key_is_set_aside_and_never_overwritten(tmp_path: Path) -> None:
    Store.open(tmp_path, KEY).close()
    before = (tmp_path / "service.db").read_bytes()
    Store.open(tmp_path, bytes(range(32))).close()
    aside = [file for file in tmp_path.iterdir() if "unreadable" in file.name]
    assert [file.read_bytes() for file in aside if file.suffix == ".db"] == [before]
