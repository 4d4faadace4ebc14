"""The rules about text through the real line, spool and settings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.notices import Notice
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Author, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.line import Line
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.preferences import Preferences
from scribe_desktop.services.settings_file import SettingsFile
from scribe_desktop.services.spool import Spool
from scribe_desktop.ui.editing import edited_results
from scribe_desktop.wiring.exports import Exports
from scribe_desktop.wiring.rule_files import LARGEST, RuleFiles
from tests.wiring.small_line import PATIENCE_S

ID = SessionId("ses_" + "0" * 24)
HEARD = "The patient takes metforming 5 mg new line no pain in the left knee full stop bp"
WRITTEN = "The patient takes metformin 5 mg\nNo pain in the left knee. Blood pressure [ ]/[ ]"
NOTE = Note("clinical_notes_template", NoteStatus.SUCCESS, "# Plan\n- metforming 5 mg")


class Idle:
    """A worker with nothing to do."""

    def wake(self) -> None:
        """Nothing waits."""


@dataclass
class Desk:
    line: Line
    spool: Spool

    def stored(self) -> Results:
        return self.spool.versions(ID)[-1].results

    def shown(self) -> Results:
        return self.line.shown_versions(ID)[-1].results


def line_over(spool: Spool, folder: Path, policy: dict[str, Any]) -> Line:
    file = SettingsFile(folder)
    writes = LateWrites(patience_s=PATIENCE_S)
    preferences = Preferences(file, file.load().settings, policy, writes)
    nothing = cast("Any", Idle())
    return Line(
        store=spool, settings=preferences, services=nothing, uploader=nothing, poller=nothing,
        microphones=tuple, record_microphone=nothing, record_file=nothing, now=lambda: 1.0,
        patience_s=PATIENCE_S,
    )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    spool = Spool.open(tmp_path / "spool", bytes(range(32)), now=lambda: 1.0)
    spool.add(Session(ID, 1_795_000_000.0, Order(languages=("en",))))
    spool.add_version(ID, Results(Outcome.COMPLETED, HEARD, (NOTE,), ("en",)), Author.SERVICE)
    yield Desk(line_over(spool, tmp_path, {}), spool)
    spool.close()


def set_rules(line: Line) -> None:
    line.set_setting("replacements", {"metforming": "metformin"})
    line.set_setting("auto_texts", {"bp": "Blood pressure [ ]/[ ]"})
    line.set_setting("spoken_punctuation", value=True)


def test_a_result_is_written_out_before_the_window_hears_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of speech takes long enough to stop the window, so whoever stored it does it."""
    set_rules(desk.line)
    session_id = SessionId("ses_" + "1" * 24)
    desk.spool.add(Session(session_id, 1.0, Order(languages=("en",)), resolved_at=2.0))
    told: list[Notice] = []
    desk.line.subscribe(told.append)
    desk.spool.add_version(session_id, Results(Outcome.COMPLETED, HEARD, (NOTE,)), Author.SERVICE)
    assert told
    monkeypatch.setattr("scribe_desktop.domain.text._edits", lambda *_: pytest.fail("once more"))
    assert desk.line.shown_versions(session_id)[-1].results.transcript == WRITTEN


def test_a_rule_changes_what_is_read_and_not_what_is_kept(desk: Desk, tmp_path: Path) -> None:
    assert desk.shown().transcript == HEARD
    set_rules(desk.line)
    assert desk.shown().transcript == WRITTEN
    assert desk.shown().notes[0].content == "# Plan\n- metformin 5 mg"
    assert desk.stored() == Results(Outcome.COMPLETED, HEARD, (NOTE,), ("en",))
    again = line_over(desk.spool, tmp_path, {})
    assert again.shown_versions(ID)[-1].results.transcript == WRITTEN
    again.set_setting("replacements", {})
    again.set_setting("auto_texts", {})
    again.set_setting("spoken_punctuation", value=False)
    assert again.shown_versions(ID)[-1].results.transcript == HEARD


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_an_export_is_what_is_read(desk: Desk, tmp_path: Path, form: str) -> None:
    set_rules(desk.line)
    Exports(desk.line).export(ID, form, str(tmp_path / "note"))
    written = (tmp_path / "note").read_text("utf-8")
    assert "metforming" not in written
    assert (json.dumps(WRITTEN) in written) if form == "json" else (WRITTEN in written)


def test_an_edit_is_never_written_over(desk: Desk) -> None:
    set_rules(desk.line)
    desk.line.edit(ID, edited_results(desk.stored(), "transcript", "metforming, as I said"))
    assert desk.shown().transcript == "metforming, as I said"
    assert desk.shown().notes[0].content == "# Plan\n- metformin 5 mg"
    by_hand = edited_results(desk.stored(), NOTE.template_id, "metforming by hand")
    desk.line.edit(ID, by_hand)
    assert desk.shown().notes[0].content == "metforming by hand"
    desk.line.add_note(ID, NOTE)
    assert desk.shown().notes[0].content == "# Plan\n- metformin 5 mg"


def test_a_rule_that_would_change_what_was_said_is_refused(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="would no longer be what was said"):
        desk.line.set_setting("replacements", {"left": "right"})
    assert desk.line.settings() == Settings()
    assert desk.shown().transcript == HEARD


def test_a_policy_locks_the_rules(desk: Desk, tmp_path: Path) -> None:
    line = line_over(desk.spool, tmp_path, {"replacements": {"metforming": "Metformin"}})
    shown = line.shown_versions(ID)[-1].results.transcript
    assert shown == HEARD.replace("metforming", "Metformin")
    with pytest.raises(SettingsError, match="organisation"):
        line.set_setting("replacements", {})


# --- lists of rules as files ---


@pytest.mark.parametrize("name", ["rules.csv", "rules.JSON"])
def test_a_list_goes_to_a_file_and_comes_back(tmp_path: Path, name: str) -> None:
    pairs = {"bp": "Blood pressure [ ]/[ ]\nPulse [ ]", "größe": "Körpergröße, “cm”; so"}
    path = tmp_path / name
    RuleFiles().write(str(path), pairs)
    assert path.stat().st_mode & 0o077 == 0
    assert dict(RuleFiles().read(str(path))) == pairs


def test_what_a_spreadsheet_on_windows_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_bytes("Größe;Körpergröße\r\n".encode("cp1252"))
    assert dict(RuleFiles().read(str(path))) == {"Größe": "Körpergröße"}


def test_a_file_that_is_no_list_is_a_sentence(tmp_path: Path) -> None:
    files = RuleFiles()
    with pytest.raises(SettingsError, match="could not be opened"):
        files.read(str(tmp_path / "missing.csv"))
    (tmp_path / "big.csv").write_bytes(b"a,b\n" * (LARGEST // 4 + 1))
    with pytest.raises(SettingsError, match="too large"):
        files.read(str(tmp_path / "big.csv"))
    with pytest.raises(SettingsError, match="could not be written"):
        files.write(str(tmp_path / "missing" / "rules.csv"), {"a": "b"})
