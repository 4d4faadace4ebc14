"""What a test counts is in its record, whether it passed or not."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CASES = """
def test_it_goes_well(tally):
    tally.tried(2)
    tally.tried()
    tally.compared(100)
    tally.lost(0)
    tally.completed()

def test_it_fails(tally):
    tally.lost(7)
    assert False
"""


def test_what_was_counted_is_in_the_record(tmp_path: Path) -> None:
    suite, record = tmp_path / "test_some_faults.py", tmp_path / "record.xml"
    suite.write_text(CASES)
    # With the project's own settings: they decide whether a record can hold a count at all.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest"]
    command += ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    subprocess.run([*command, f"--junit-xml={record}", str(suite)], cwd=ROOT, check=False)
    counted = {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in ET.parse(record).iter("testcase")  # noqa: S314  pytest wrote it a moment ago
    }
    assert counted == {
        "test_it_goes_well": {
            "tried": "3",
            "compared_bytes": "100",
            "lost_bytes": "0",
            "completed": "1",
        },
        "test_it_fails": {"lost_bytes": "7"},
    }
