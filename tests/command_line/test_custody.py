"""The audit and the backup of the key, as a person at a terminal uses them."""

import json
from pathlib import Path

import jsonschema

from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.places import HOME_VARIABLE, find_places
from scribe_desktop.services.spool_schema import connect
from tests.command_line.conftest import Scribe

PASSPHRASE = "correct horse battery\n"
AUDIT = {
    "type": "object",
    "required": ["whole", "first_break", "cut", "lines"],
    "properties": {
        "whole": {"type": "boolean"},
        "first_break": {"type": ["integer", "null"]},
        "cut": {"type": "boolean"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number", "at", "action", "session_id", "detail", "digest", "who"],
            },
        },
    },
}


def refused_recording(scribe: Scribe, folder: Path) -> None:
    """The quickest session there is: a file that holds no sound, set aside at once."""
    (folder / "silent.txt").write_text("no sound")
    assert scribe("dictate", "--file", str(folder / "silent.txt")).exit_code == 1


def test_the_audit_tells_what_was_done_and_whether_it_was_altered(
    scribe: Scribe, tmp_path: Path
) -> None:
    refused_recording(scribe, tmp_path)
    session_id = json.loads(scribe("sessions", "--json").out)[0]["session_id"]
    assert scribe("export", session_id).exit_code == 0
    assert scribe("restore", session_id).exit_code == 0
    shown = scribe("audit", "--json")
    record = json.loads(shown.out)
    jsonschema.validate(record, AUDIT)
    assert [line["action"] for line in record["lines"]] == [
        "created", "discarded", "stopped", "exported", "restored",
    ]  # fmt: skip
    assert {line["session_id"] for line in record["lines"]} == {session_id}
    assert {line["who"] for line in record["lines"]} == {"clinician"}
    deleted = scribe("delete", session_id)
    assert (deleted.exit_code, deleted.err) == (0, "")
    assert "holds nothing of it" in deleted.out
    assert json.loads(scribe("sessions", "--json").out) == []
    verified = scribe("audit", "verify")
    assert (verified.exit_code, verified.out) == (
        0,
        "Every line is as it was written.\nEvery recording is as it was sealed (0 checked).\n",
    )

    places = find_places({HOME_VARIABLE: str(tmp_path / "home")})
    key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
    connection = connect(places.spool / "spool.db", key)
    number, _ = connection.execute("SELECT MAX(number), digest FROM audit").fetchone()
    connection.execute("DELETE FROM audit WHERE number = ?", (number,))
    verified = scribe("audit", "verify")
    assert (verified.exit_code, verified.out) == (
        1,
        (
            f"It was cut: line {number} and what came after it are missing.\n"
            "Every recording is as it was sealed (0 checked).\n"
        ),
    )
    # The next deed does not close the gap.
    refused_recording(scribe, tmp_path)
    assert f"line {number} does not follow" in scribe("audit", "verify").out
    connection.execute("DELETE FROM audit WHERE number = 3")
    connection.close()
    verified = scribe("audit", "verify")
    assert verified.exit_code == 1
    assert "line 3 does not follow" in verified.out


def test_a_key_that_was_backed_up_brings_the_dictations_back(
    scribe: Scribe, tmp_path: Path
) -> None:
    refused_recording(scribe, tmp_path)
    backup = tmp_path / "backup.json"
    exported = scribe("key", "export", str(backup), "--passphrase-stdin", text=PASSPHRASE)
    assert exported.exit_code == 0, exported.err
    assert backup.stat().st_mode & 0o077 == 0
    into_folder = ("key", "export", str(tmp_path), "--passphrase-stdin")
    assert "could not be written" in scribe(*into_folder, text=PASSPHRASE).err

    (tmp_path / "home" / "config" / "spool.key").unlink()
    locked = scribe("sessions", "--json")
    assert locked.exit_code == 1
    assert "safe but locked" in locked.err
    imported = ("key", "import", str(backup), "--passphrase-stdin")
    wrong = scribe(*imported, text="wrong horse battery\n")
    assert wrong.exit_code == 1
    assert "does not open the key" in wrong.err
    back = scribe(*imported, text=PASSPHRASE)
    assert (back.exit_code, back.out) == (0, "The key fits; the recordings open again.\n")
    assert len(json.loads(scribe("sessions", "--json").out)) == 1
    # Once more, while they are open: there is nothing else that it could open.
    assert scribe(*imported, text=PASSPHRASE).exit_code == 0
    assert "battery" not in exported.out + exported.err + back.err
    missing = scribe("key", "import", str(tmp_path / "none"), "--passphrase-stdin", text="x\n")
    assert missing.exit_code == 2
