from pytestqt.qtbot import QtBot

from scribe_desktop.domain.results import Json, Note, NoteStatus, Outcome, Results
from scribe_desktop.ui.note_text import note_markdown, plain_text, result_tabs, template_title
from scribe_desktop.ui.note_view import NoteView
from tests.ui.fakes import OFFER


def test_a_tree_becomes_headings_and_lists() -> None:
    tree: Json = {
        "chief_complaint": "Cough",
        "medications": [{"name": "Amlodipine", "dose": "5 mg", "days": 30}, "Aspirin"],
        "vitals": {"pulse": 72, "smoker": False, "note": None},
        "plan": "rest\nfluids",
    }
    assert note_markdown(tree).splitlines() == [
        "**Chief complaint:** Cough  ",
        "",
        "## Medications",
        "",
        "- Amlodipine, dose: 5 mg, days: 30",
        "- Aspirin",
        "",
        "",
        "## Vitals",
        "",
        "**Pulse:** 72  ",
        "**Smoker:** no  ",
        "**Plan**",
        "",
        "rest",
        "fluids",
    ]


def test_nested_lists_keep_every_value() -> None:
    tree: Json = {"a": [["x", "y"], [{"k": {"name": "deep"}, "l": ["1", {"m": True}]}]]}
    said = note_markdown(tree)
    for word in ("x", "y", "deep", "1", "m: yes"):
        assert word in said


def test_plain_text_drops_marks_and_no_words() -> None:
    assert plain_text("## Plan ##\n\n\n\n**Stop** 5*3 mg_per_day\n- a __b__") == (
        "Plan\n\nStop 5*3 mg_per_day\n- a b"
    )


def test_tabs_of_a_session_that_waits() -> None:
    tabs = result_tabs(None, ("soap",), OFFER, waiting="Soon.")
    assert [(tab.title, tab.sentence) for tab in tabs] == [
        ("Transcript", "Soon."),
        ("SOAP", "Soon."),
    ]


def test_tabs_say_how_each_note_fared() -> None:
    notes = (
        Note("soap", NoteStatus.FAILED, None, errors=("no speech",)),
        Note("medications", NoteStatus.PARTIAL, "x", warnings=("check dose",)),
        Note("other", NoteStatus.SUCCESS, "done"),
    )
    answer = Results(Outcome.PARTIAL, None, notes)
    tabs = result_tabs(answer, ("soap", "missing"), OFFER, waiting="Soon.")
    assert {tab.title: tab.sentence for tab in tabs} == {
        "Transcript": "The service sent no transcript.",
        "SOAP": "The service could not fill this template. no speech",
        "Missing": "The service did not answer this template.",
        "Medications": "This note is not complete. check dose",
        "Other": "",
    }


def test_a_template_goes_by_its_name_or_its_id() -> None:
    assert template_title("soap", OFFER) == "SOAP"
    assert template_title("discharge_letter_template", OFFER) == "Discharge letter"
    assert template_title("_template", OFFER) == "Note"


def test_a_long_note_is_laid_out_once_and_stays_as_it_is(qtbot: QtBot) -> None:
    """An hour's note has hundreds of headings; each once cost a layout of the whole."""
    view = NoteView("Note")
    qtbot.addWidget(view)
    changed: list[None] = []
    view.document().contentsChanged.connect(lambda: changed.append(None))
    note = "\n\n".join(f"## Heading {n}\n\nWords of it [a](b)." for n in range(100))
    view.show_markdown(note)
    assert len(changed) <= 3
    changed.clear()
    view.selectAll()
    view.show_markdown(note)
    assert not changed
    assert view.textCursor().hasSelection(), "what was selected stays so while others are at work"
    view.show_plain(note)
    assert view.toPlainText() == note
    view.show_markdown(note)
    assert "#" not in view.toPlainText()


def test_what_was_heard_becomes_a_result_without_being_laid_out_anew(qtbot: QtBot) -> None:
    """Where a dictation goes on in another part, an hour of text would be drawn again."""
    view = NoteView("Transcript")
    qtbot.addWidget(view)
    view.show_growing("one two three\nfour")
    changes: list[tuple[int, int, int]] = []
    view.document().contentsChange.connect(lambda *change: changes.append(change))
    view.show_growing("one two three\nfour five\nsix")
    assert view.toPlainText() == "one two three\nfour five\nsix"
    assert all(place >= len("one two three\nfour") for place, _, _ in changes)
