"""The window over recordings whose keyring is locked: it says so, waits, and goes on by itself."""

from pathlib import Path

from tests.faults.leaving_home import Home
from tests.faults.locked_keyring import FILE_VARIABLE
from tests.live.desktop_stage import wait_for


def test_the_window_waits_for_a_locked_keyring_and_goes_on_when_it_is_unlocked(
    tmp_path: Path,
) -> None:
    home, keyring = Home(tmp_path / "user"), tmp_path / "keyring.json"
    home.environment |= {
        "PYTHON_KEYRING_BACKEND": "tests.faults.locked_keyring.Keyring",
        FILE_VARIABLE: str(keyring),
    }
    log = home.folder / "home" / "logs"

    def logged(words: str) -> bool:
        return any(words in path.read_text() for path in log.glob("*.log"))

    assert home.done("sessions").returncode == 0
    assert keyring.exists(), "the key is in the keyring"
    keyring.with_suffix(".locked").touch()
    # A command has nobody to wait for: it says what happened and what to do.
    refused = home.done("sessions")
    assert refused.returncode == 1
    assert "safe but locked" in refused.stderr
    with home.started() as window:
        wait_for(lambda: logged("waits for the keyring"), "the sentence about the keyring")
        assert window.poll() is None
        assert not logged("window shown")
        keyring.with_suffix(".locked").unlink()
        wait_for(lambda: logged("window shown"), "the window")
        window.terminate()
        _, err = window.communicate(timeout=20)
    assert "Traceback" not in err
    assert not list((home.folder / "home" / "data" / "spool").glob("set-aside-*"))
