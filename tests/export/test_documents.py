"""What is exported is what was said, with a mark where something was not recorded."""

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Json, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.export.documents import as_markdown, as_text, note_text, title

ID = SessionId("ses_" + "0" * 24)


def dictation(*notes: Note, gaps: tuple[Gap, ...] = ()) -> Dictation:
    session = Session(ID, 0.0, Order(), gaps=gaps, frames=16_000 * 90)
    return Dictation((session,), {ID: Results(Outcome.COMPLETED, "Go on.", notes)})


def test_text_and_markdown_hold_notes_and_transcript() -> None:
    told = dictation(Note("soap", NoteStatus.SUCCESS, {"plan": "Rest.", "objective": ""}))
    assert as_text(told) == "SOAP\n\nPlan: Rest.\n\nTRANSCRIPT\n\nGo on.\n"
    assert as_markdown(told) == "## Soap\n\nPlan: Rest.\n\n## Transcript\n\nGo on.\n"


def test_every_gap_is_marked() -> None:
    told = dictation(gaps=(Gap(16_000 * 65, 2.5, "the microphone was unplugged"),))
    sentence = "At 1:05, 2.5 s are missing: the microphone was unplugged."
    assert as_text(told).endswith(f"NOT RECORDED\n\n{sentence}\n")
    assert as_markdown(told).endswith(f"## Not recorded\n\n{sentence}\n")
    damaged = dictation(gaps=(Gap(0, 0.0, "the file is damaged"),))
    assert "At 0:00, something is missing: the file is damaged." in as_text(damaged)


def test_nothing_known_is_an_empty_document() -> None:
    assert as_text(Dictation((Session(ID, 0.0, Order()),), {})) == ""


def test_content_of_any_shape_becomes_text() -> None:
    content: Json = {
        "medications": [{"name": "Lisinopril", "dose": "20 mg", "route": None}, "Aspirin"],
        "plan": {"visits": ["Monday", None, True, False, 3]},
        "history": "One.\nTwo.",
        "left_out": None,
        "stages": ["a", ["b", {"c": "d"}]],
    }
    assert note_text(Note("x", NoteStatus.SUCCESS, content)).splitlines() == [
        "Medications:",
        "  - name: Lisinopril; dose: 20 mg",
        "  - Aspirin",
        "Plan:",
        "  Visits:",
        "    - Monday",
        "    - -",
        "    - yes",
        "    - no",
        "    - 3",
        "History:",
        "  One.",
        "  Two.",
        "Stages:",
        "  - a",
        "  - b, c: d",
    ]
    assert note_text(Note("x", NoteStatus.SUCCESS, 7)) == "7"
    assert note_text(Note("x", NoteStatus.FAILED, None, errors=("Too short.",))) == "Too short."
    assert note_text(Note("x", NoteStatus.FAILED)) == "(empty)"


def test_titles_read_like_headings() -> None:
    assert title("clinical_notes_template") == "Clinical notes"
    assert title("soap") == "Soap"
    assert title("") == "Note"
