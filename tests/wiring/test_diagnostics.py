"""How long one waits is measured on what was spoken at this computer, and on nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool import Spool
from scribe_desktop.wiring.diagnostics import Diagnostics
from tests.wiring.small_line import Recording, line_over

SPOKEN = Session(
    SessionId("ses_spoken"), 100.0, Order(), chunks=1, frames=16_000,
    started_at=100.05, stopped_at=110.0, ended_at=110.2, resolved_at=110.4,
)  # fmt: skip
PRESS = "Key press to first sound"


class Stored:
    """A line that has just these sessions."""

    def __init__(self, *sessions: Session) -> None:
        self._sessions = sessions

    def sessions(self) -> Sequence[Session]:
        return self._sessions


def measured(*sessions: Session) -> dict[str, str]:
    """What the page shows of them."""
    diagnostics = Diagnostics(Stored(*sessions), Path(), dict)
    return {one.name: one.value for one in diagnostics.measurements()}


@pytest.mark.parametrize("how", ["imported", "typed"])
def test_what_nobody_spoke_is_kept_here_and_measures_nothing(how: str) -> None:
    slow = replace(SPOKEN, session_id=SessionId("ses_file"), started_at=103.0, resolved_at=400.0)
    other = replace(slow, imported=True) if how == "imported" else replace(slow, typed=True)
    shown = measured(SPOKEN, other)
    assert shown["Dictations kept here"] == "2"
    assert shown[PRESS] == "50 ms (median of 1)"
    assert shown["Stop to everything sent"] == "200 ms (median of 1)"
    assert shown["Stop to text and note"] == "400 ms (median of 1)"


def test_a_roll_over_was_not_pressed_for_and_going_on_later_was() -> None:
    rolled = replace(
        SPOKEN, session_id=SessionId("ses_rolled"), created_at=105.0, started_at=109.0,
        follows=SPOKEN.session_id,
    )  # fmt: skip
    later = replace(rolled, session_id=SessionId("ses_later"), created_at=200.0, started_at=200.05)
    orphan = replace(rolled, follows=SessionId("ses_deleted"))
    assert measured(SPOKEN, rolled)[PRESS] == "50 ms (median of 1)"
    assert measured(SPOKEN, rolled)["Stop to text and note"] == "400 ms (median of 2)"
    assert measured(SPOKEN, later)[PRESS] == "50 ms (median of 2)"
    assert measured(orphan)[PRESS] == "not measured yet"


def test_the_line_says_which_dictation_came_out_of_a_file(tmp_path: Path) -> None:
    made: list[Recording] = []
    spool = Spool.open(tmp_path, bytes(range(32)), now=lambda: 1.0)
    line = line_over(spool, made)
    assert line.session(line.import_file("a recording", Order())).imported
    assert not line.session(line.start(Order())).imported
    spool.close()
    # Also after the next start.
    again = Spool.open(tmp_path, bytes(range(32)), now=lambda: 1.0)
    assert [one.imported for one in again.sessions()].count(True) == 1
    again.close()
