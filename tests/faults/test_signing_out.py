"""The real window on a real screen, closed by its user or with the screen, while somebody dictates.

Signing out of a desktop takes the screen away; what Qt's session manager says
on other systems is in test_leaving.py.
"""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.session import Delivery
from tests.faults.leaving_home import WAIT_S, Home, answers, heard_until
from tests.live.desktop_stage import Stage, wait_for

pytestmark = pytest.mark.live

TITLE = "Scribe Desktop"
MOST_MISSING_S = 1.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def home(tmp_path: Path, stage: Stage) -> Home:
    home = Home(tmp_path / "user")
    config = home.folder / "home" / "config"
    config.mkdir(parents=True)
    (config / "settings.json").write_text('{"first_run_done": true, "templates": ["soap"]}')
    home.environment |= {"DISPLAY": stage.display, "QT_QPA_PLATFORM": "xcb"}
    return home


def windows(stage: Stage) -> dict[str, int]:
    """The windows of the program that the window manager knows, and how wide each is."""
    rows = [row.split(None, 7) for row in stage.run("wmctrl", "-l", "-G").splitlines()]
    return {row[0]: int(row[4]) for row in rows if row[-1].endswith(TITLE)}


def close(stage: Stage, home: Home) -> str:
    """What the button in the window's corner does; the question that comes."""
    before = windows(stage)
    main = max(before, key=lambda window: before[window])
    stage.run("wmctrl", "-i", "-c", main)
    questions = wait_for(lambda: set(windows(stage)) - set(before), "the question")
    (question,) = questions
    stage.focus(int(question, 16))
    return str(question)


def test_closing_the_window_asks_and_one_more_key_goes_on_recording(
    stage: Stage, home: Home
) -> None:
    with home.started() as window:
        answers(home)
        assert home.done("start").returncode == 0
        heard_until(home, 1.0)

        question = close(stage, home)
        stage.keys("key", "Return")
        wait_for(lambda: question not in windows(stage), "the question to go")
        assert window.poll() is None
        heard_until(home, home.heard_frames() / SAMPLE_RATE + 0.5)

        close(stage, home)
        # Going on is what Return does; the other button has to be chosen.
        stage.keys("key", "Tab", "space")
        out, err = window.communicate(timeout=WAIT_S)
    assert (window.returncode, out) == (0, "")
    assert "Traceback" not in err
    session = home.session()
    assert session.frames == home.heard_frames() > SAMPLE_RATE
    assert home.done("deliver", "--json").returncode == 0
    assert home.session().delivery is Delivery.RESOLVED


def test_a_screen_that_goes_away_costs_no_more_than_a_second(stage: Stage, home: Home) -> None:
    with home.started() as window:
        answers(home)
        assert home.done("start").returncode == 0
        heard_until(home, 2.0)
        stage.end()
        try:
            window.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            window.send_signal(signal.SIGKILL)
            raise
    home.environment["QT_QPA_PLATFORM"] = "offscreen"
    assert home.done("deliver", "--json").returncode == 0
    session = home.session()
    assert session.delivery is Delivery.RESOLVED
    assert 0 <= home.heard_frames() - session.frames <= MOST_MISSING_S * SAMPLE_RATE
