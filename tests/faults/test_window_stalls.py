"""The real window takes down what a microphone hears, while its pulse is felt from inside.

A quarter of a minute; the hour is `packaging/test.py --faults --only hour`. How
long a stall may be is judged there and by a person: here others work too.
"""

from pathlib import Path

import pytest

from tests.faults.report import EDGE_S
from tests.faults.window_hour import Hour

pytestmark = [pytest.mark.live, pytest.mark.engine]

MINUTES = 0.2


def test_the_window_loses_nothing_and_goes_on_beating(tmp_path: Path) -> None:
    measured = Hour(tmp_path, MINUTES).run()
    assert measured["outcome"] == "completed"
    assert measured["gaps"] == []
    assert measured["kept_frames"] == measured["decoded_frames"]
    assert measured["lost_s"] <= EDGE_S
    # Half as often as an event loop with nothing to do, on the same computer at the same time.
    assert measured["beats"] > measured["bare_beats"] / 2, measured
