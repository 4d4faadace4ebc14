import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.custom_templates import TemplateShelf
from scribe_desktop.server.engine import Engine
from scribe_desktop.server.host import ServeOptions
from scribe_desktop.server.local_parts import MODELS, LocalNotes, LocalSpeech, local_parts
from scribe_desktop.server.store import Store
from scribe_desktop.server.templates import BUILT_IN
from scribe_desktop.server.transcription import Told
from scribe_desktop.server.vocabulary import hotwords, word_pack, words_asked
from tests.server.hearing_engine import ToneEngine, quiet, spoken


class Loader:
    """Counts what is loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, name: str, folders: Sequence[Path]) -> Engine:
        self.loaded.append(name)
        return ToneEngine(name)


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def shelf() -> TemplateShelf:
    return TemplateShelf(Store.in_memory(), BUILT_IN, lambda: 0.0)


def test_pro_is_base_and_lite_is_tiny_and_both_take_an_hour() -> None:
    assert [model.id for model in MODELS] == ["pro", "lite"]
    assert all(model.max_session_duration_s == 3600 for model in MODELS)
    assert MODELS[1].languages == ("en",)


def test_weights_are_loaded_once_even_when_two_ask_at_once(loader: Loader) -> None:
    speech = LocalSpeech(load_engine=loader)
    threads = [threading.Thread(target=speech.prepare, args=("pro",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    speech.transcriber("lite", ["en"], ())
    assert loader.loaded == ["base", "tiny.en"]


def test_a_session_is_heard_with_the_clinicians_words() -> None:
    engine = ToneEngine()
    speech = LocalSpeech(load_engine=lambda *_: engine)
    transcriber = speech.transcriber("", [], [" lisinopril ", "lisinopril", ""])
    transcriber.feed(spoken(1, 2))
    transcriber.feed(quiet(1))
    assert transcriber.finish().text == "w1 w2"
    assert engine.asked[0][2] == ("lisinopril",)


@pytest.mark.parametrize("sent", [{}, {"vocabulary": "lisinopril"}, {"vocabulary": [1, None]}])
def test_what_a_client_sends_instead_of_words_is_no_word(sent: dict[str, Any]) -> None:
    assert words_asked(sent) == ()


def test_a_model_that_this_computer_does_not_have_is_a_sentence(loader: Loader) -> None:
    with pytest.raises(EngineError, match="does not have that model"):
        LocalSpeech(load_engine=loader).prepare("ultra")


def test_a_missing_model_is_a_sentence(tmp_path: Path) -> None:
    def missing(name: str, _: Sequence[Path]) -> Engine:
        raise EngineError(f"{name} is not on this computer.")

    with pytest.raises(EngineError, match="not on this computer"):
        LocalSpeech([tmp_path], load_engine=missing).transcriber("pro", [], ())


def test_own_and_built_in_templates_are_filled(shelf: TemplateShelf) -> None:
    own = shelf.add("Ward round", "# Plan\n", ())
    notes = LocalNotes(shelf)
    assert notes.fill(own.id, Told("Start aspirin.", "en")).data == "## Plan\n\nStart aspirin."
    assert notes.fill("transcript_template", Told("Yes.", "en")).markdown == "Yes."


def test_a_template_removed_meanwhile_is_a_sentence(shelf: TemplateShelf) -> None:
    with pytest.raises(EngineError, match="removed meanwhile"):
        LocalNotes(shelf).fill("tpl_gone", Told("Start aspirin.", "en"))


def test_nothing_said_is_a_sentence(shelf: TemplateShelf) -> None:
    with pytest.raises(EngineError, match="Nothing was said"):
        LocalNotes(shelf).fill("soap", Told("", ""))


def test_the_service_of_this_computer_can_be_built() -> None:
    parts = local_parts(Store.in_memory(), "token", ServeOptions())
    assert set(parts.built_in_templates) >= {
        "transcript_template",
        "clinical_notes_template",
        "soap",
        "medications",
    }


def test_the_clinicians_own_words_come_first_and_thirty_are_enough() -> None:
    own = ["Zyloxin", " two  words ", "", "Zyloxin"]
    words = hotwords(own, ["general", "cardiology"])
    assert words[:2] == ("Zyloxin", "two words")
    assert len(words) == len(set(words)) == 30
    assert hotwords([]) == ()


@pytest.mark.parametrize("name", ["../secrets", "no_such_list"])
def test_an_unknown_word_list_is_a_sentence(name: str) -> None:
    with pytest.raises(EngineError, match="word list"):
        word_pack(name)
