"""Text lands where it was dictated for, exactly, or nowhere; the clipboard is as before."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.desktop_stage import Stage, wait_for

pytestmark = pytest.mark.live

THREE_ALPHABETS = (
    "Größe 172 cm — RR 140/90 mmHg, 38,5 °C, µg → ✓\n"
    "Пациент жалуется на боль\tслева\n"
    "المريض يعاني من صداع\n日本 🩺"
)
_ROOT = Path(__file__).parents[2]


class Inserter:
    def __init__(self, stage: Stage) -> None:
        self._program = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "desktop_inserter.py")],
            env={**stage.environment, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._answer() == "ready"

    def remember(self) -> str:
        return self._ask("remember")

    def insert(self, text: str, method: str = "paste", rate: int = 400) -> str:
        self.send(text, method, rate)
        return self._answer()

    def send(self, text: str, method: str = "paste", rate: int = 400) -> None:
        assert self._program.stdin
        asked = {"text": text, "method": method, "rate": rate}
        self._program.stdin.write(json.dumps(asked) + "\n")
        self._program.stdin.flush()

    def answer(self) -> str:
        return self._answer()

    def end(self) -> None:
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.close()
        self._program.wait(10)
        self._program.stdout.close()

    def _ask(self, line: str) -> str:
        assert self._program.stdin
        self._program.stdin.write(line + "\n")
        self._program.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._program.stdout
        return self._program.stdout.readline().strip()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def inserter(stage: Stage) -> Iterator[Inserter]:
    inserter = Inserter(stage)
    yield inserter
    inserter.end()


def copy(stage: Stage, text: str, selection: str = "clipboard") -> None:
    """Another program copies something; it stays alive to hand it out."""
    stage.child_with_input(["xclip", "-quiet", "-selection", selection], text)
    wait_for(lambda: clipboard(stage, selection) == text, "the clipboard of another program")


def clipboard(stage: Stage, selection: str = "clipboard") -> str:
    return stage.run("xclip", "-o", "-selection", selection)


def test_three_alphabets_into_a_field_of_another_process(stage: Stage, inserter: Inserter) -> None:
    copy(stage, "copied before")
    field = stage.field()
    assert inserter.remember()
    assert inserter.insert(THREE_ALPHABETS) == "inserted verified"
    field.wait_text(f"BEFORE|{THREE_ALPHABETS}AFTER")
    assert clipboard(stage) == "copied before"


def test_a_terminal_gets_the_same_text(stage: Stage, inserter: Inserter) -> None:
    copy(stage, "copied before")
    copy(stage, "selected before", "primary")
    terminal = stage.xterm()
    assert inserter.remember() == "xterm"
    text = THREE_ALPHABETS.replace("\n", " ")
    assert inserter.insert(text) == "inserted verified"
    terminal.wait_typed(text)
    assert clipboard(stage) == "copied before"
    assert clipboard(stage, "primary") == "selected before"


def test_fifty_kilobytes(stage: Stage, inserter: Inserter) -> None:
    copy(stage, "copied before")
    field = stage.field()
    inserter.remember()
    text = "".join(f"Zeile {number:05}: µg → ✓\n" for number in range(2100))
    assert len(text.encode()) > 50_000
    assert inserter.insert(text) == "inserted verified"
    field.wait_text(f"BEFORE|{text}AFTER")
    assert clipboard(stage) == "copied before"


def test_a_window_that_took_the_focus_gets_nothing(stage: Stage, inserter: Inserter) -> None:
    copy(stage, "copied before")
    field = stage.field("record")
    inserter.remember()
    thief = stage.field("thief")
    assert inserter.insert("for the record only") == "refused target_changed"
    assert (field.text(), thief.text()) == ("BEFORE|AFTER", "BEFORE|AFTER")
    assert clipboard(stage) == "copied before"


def test_a_window_that_takes_the_focus_while_we_wait_gets_nothing(
    stage: Stage, inserter: Inserter
) -> None:
    copy(stage, "copied before")
    field, thief = stage.field("record"), stage.field("thief")
    stage.focus(field.window)
    inserter.remember()
    stage.keys("keydown", "ctrl")
    inserter.send("for the record only")
    stage.focus(thief.window)
    stage.keys("keyup", "ctrl")
    assert inserter.answer() == "refused target_changed"
    assert (field.text(), thief.text()) == ("BEFORE|AFTER", "BEFORE|AFTER")
    assert clipboard(stage) == "copied before"


def test_a_held_modifier_is_waited_for(stage: Stage, inserter: Inserter) -> None:
    field = stage.field()
    inserter.remember()
    stage.keys("keydown", "ctrl", "keydown", "shift")
    inserter.send("text")
    stage.keys("keyup", "shift", "keyup", "ctrl")
    assert inserter.answer() == "inserted verified"
    field.wait_text("BEFORE|textAFTER")


def test_a_modifier_that_stays_down_means_no_insertion(stage: Stage, inserter: Inserter) -> None:
    field = stage.field()
    inserter.remember()
    stage.keys("keydown", "ctrl")
    assert inserter.insert("text") == "refused modifiers_held"
    stage.keys("keyup", "ctrl")
    assert field.text() == "BEFORE|AFTER"


def test_a_window_that_takes_no_paste_is_not_called_inserted(
    stage: Stage, inserter: Inserter
) -> None:
    stage.field(FIELD_READ_ONLY="1")
    inserter.remember()
    assert inserter.insert("text") == "refused not_taken"
    # It waits where the clinician can paste it by hand, and no history keeps it.
    assert clipboard(stage) == "text"
    hint = stage.run("xclip", "-o", "-selection", "clipboard", "-t", "x-kde-passwordManagerHint")
    assert hint == "secret"


@pytest.mark.parametrize("layout", ["ru", "us(dvorak)", "de,ru"])
def test_other_keyboards(stage: Stage, inserter: Inserter, layout: str) -> None:
    field = stage.field()
    inserter.remember()
    stage.run("setxkbmap", "-layout", layout)
    assert inserter.insert("µg → ✓") == "inserted verified"
    field.wait_text("BEFORE|µg → ✓AFTER")


def test_a_picture_on_the_clipboard_survives(stage: Stage, inserter: Inserter) -> None:
    picture = bytes(range(256)) * 40
    file = stage.folder / "picture"
    file.write_bytes(picture)
    kind = ("-t", "image/png", "-i", str(file))
    stage.child(["xclip", "-quiet", "-selection", "clipboard", *kind], {})
    asked = ("xclip", "-o", "-selection", "clipboard", "-t")
    wait_for(lambda: "image/png" in stage.run(*asked, "TARGETS"), "the picture")
    field = stage.field()
    inserter.remember()
    assert inserter.insert("text") == "inserted verified"
    field.wait_text("BEFORE|textAFTER")
    assert stage.run_bytes(*asked, "image/png") == picture
