"""The local service is killed while a chunk is on its way: it is started again and has all."""

import contextlib
import hashlib
import os
import signal
from pathlib import Path

import pytest

from scribe_desktop.domain.session import Delivery
from scribe_desktop.server.store import Store
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.local_service import service_key
from scribe_desktop.services.places import find_places
from tests.faults.counting_host import PHRASE
from tests.faults.kill_harness import SAMPLE
from tests.faults.leaving_home import ASKED, WAIT_S, Home
from tests.faults.program_to_kill import PHASES_PIPE, Phase


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def kept_at_service(home: Home, remote_id: str) -> list[str]:
    """Read in the service's own store."""
    places = find_places(home.environment)
    key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
    store = Store.open(places.service, service_key(key))
    with contextlib.closing(store), store.reading() as rows:
        files = rows.execute(
            "SELECT number, body FROM files WHERE session_id = ? ORDER BY number", (remote_id,)
        ).fetchall()
    assert [number for number, _ in files] == list(range(len(files)))
    return [hashlib.sha256(body).hexdigest() for _, body in files]


@pytest.mark.parametrize(
    ("phase", "nth"),
    [(Phase.UPLOADING, 1), (Phase.UPLOADING, 2), (Phase.ENDING, 1), (Phase.POLLING, 1)],
)
def test_a_local_service_that_dies_in_the_middle_costs_nothing(
    tmp_path: Path, phase: Phase, nth: int
) -> None:
    home = Home(tmp_path / "user")
    read, write = os.pipe()
    home.environment[PHASES_PIPE] = str(write)
    killed = []
    with (
        os.fdopen(read, "rb", buffering=0) as phases,
        home.started("dictate", "--file", str(SAMPLE), *ASKED, passes=(write,)) as program,
    ):
        os.close(write)
        left = nth
        while left and (line := phases.readline()):
            left -= line == f"+{phase}\n".encode()
        for child in children(program.pid):
            os.kill(child, signal.SIGKILL)
            killed.append(child)
        phases.read()
        out, err = program.communicate(timeout=WAIT_S)
    assert killed
    assert program.returncode == 0, (out, err)
    session = home.session()
    assert session.delivery is Delivery.RESOLVED
    assert session.remote is not None
    with contextlib.closing(home.spool()) as spool:
        here = [
            hashlib.sha256(spool.chunk(session.session_id, index).body).hexdigest()
            for index in range(session.chunks)
        ]
        said = spool.versions(session.session_id)[-1].results.transcript
    assert len(here) >= 2
    assert kept_at_service(home, session.remote.remote_id) == here
    assert said == f"{session.frames} frames of {PHRASE}"
