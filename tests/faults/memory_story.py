"""Plays a delivery from a small text, such as

    speak 3 chunks | upload 1: lose reply | upload 2: answer 503 x2 | stop

against the real service behind a fault proxy, and checks what always holds: like
story.py, but on a spool in memory and step by step, for tests that look between
the steps at a service that lies or at a neighbour.
"""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scribe_desktop.domain.events import Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.domain.steps import Rest, next_step
from scribe_desktop.services.address import Address
from scribe_desktop.services.wire import Wire
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN, RealService
from tests.faults.sent_files import SentFiles, digests_at
from tests.faults.story import WavSpool
from tests.server.conftest import Clock
from tests.server.scripted import WORDS, ScriptedSpeech
from tests.services.deliveries import REMOTE, Desk, MemorySpool, an_order

_TIMES = re.compile(r" x(\d+)$")


class RenewedToken:
    """A token that can be renewed; counts how often it was."""

    def __init__(self) -> None:
        self.renewals = 0

    def token(self) -> str:
        return TOKEN

    def renew(self, refused: str) -> str:
        assert refused == TOKEN
        self.renewals += 1
        return TOKEN


class Story:
    """One dictation, one service, one proxy between them."""

    def __init__(
        self,
        folder: Path,
        spool: MemorySpool | None = None,
        make_speech: Callable[[], Any] = ScriptedSpeech,
    ) -> None:
        self.service_clock = Clock()
        self.service = RealService(folder, self.service_clock, make_speech)
        self.proxy = FaultProxy(lambda: self.service.port)
        self.tokens = RenewedToken()
        self.away = 0
        # Bound and not listening: it refuses, and nobody else is given its number.
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))
        self.persons_asked = 0
        self.waited: list[float] = []
        self.tried = 0
        self.compared_bytes = 0
        self._files = SentFiles()
        self.forgotten = False
        self.desk = Desk("", live=False)
        self.spool = self.desk.spool = spool or WavSpool()
        self.desk.rebuild(Wire(patience=0.02), self._address)
        self.session_id = SessionId("")

    def _address(self) -> Address:
        port = self._nobody.getsockname()[1] if self.away else self.proxy.port
        return Address(f"http://127.0.0.1:{port}/voice/v1", "onprem", self.tokens)

    def close(self) -> None:
        self.desk.close()
        self.proxy.close()
        self.service.close()
        self._nobody.close()

    # --- the script --------------------------------------------------------------------

    def play(self, script: str) -> Session:
        """Play it to the end; returns the session as it is then."""
        for line in (part.strip() for part in script.split("|")):
            self._line(line)
        self.tried += sum(map(len, self.proxy.faults.values())) + self.away
        self.tried += sum(map(len, self.proxy.actions.values()))
        self._run()
        return self._checked()

    def _line(self, line: str) -> None:
        if match := re.fullmatch(r"speak (\d+) chunks?", line):
            order = an_order(templates=("soap",))
            count = int(match[1])
            self.session_id = self.spool.speak(chunks=count, order=order, stop=False)
        elif match := re.fullmatch(r"away for (\d+) tries", line):
            self.away = int(match[1])
        elif line == "stop":
            self.spool.update(self.session_id, lambda s: apply(s, Stopped(1.0)))
        elif match := re.fullmatch(r"after (.+): (.+)", line):
            self.proxy.actions[match[1]].append(self._actions()[match[2]])
        elif match := re.fullmatch(r"(create|end|poll|withdraw|discover|upload \d+): (.+)", line):
            times = _TIMES.search(match[2])
            fault = _TIMES.sub("", match[2])
            self.proxy.faults[match[1]].extend([fault] * (int(times[1]) if times else 1))
        else:
            raise ValueError(f"no such line in a story: {line}")

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "restart": self.service.restart,
            "forget": self._forget,
            "expire": self._expire,
        }

    def _forget(self) -> None:
        self.forgotten = True
        self.service.restart(forgetting=True)

    def _expire(self) -> None:
        self.service_clock.at += 2 * 3600

    # --- running -----------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.spool.get(self.session_id)

    def _run(self, steps: int = 400) -> None:
        for _ in range(steps):
            if self.session.delivery is Delivery.RESOLVED:
                return
            before = self.desk.clock.at
            self.desk.step(REMOTE)
            self.away = max(self.away - 1, 0)
            if self.desk.clock.at > before:
                self.waited.append(self.desk.clock.at - before)
            self._nothing_is_lost()
            if self.session.problem is not None and self.session.retry_at is None:
                # Only a person can help: signs in, or presses Send now.
                assert "safe" in self.session.problem.message
                assert self.session.problem.remedy
                self.persons_asked += 1
                self.desk.uploader.release(self.session_id)
        raise AssertionError(f"not resolved: {self.session}")

    def _nothing_is_lost(self) -> None:
        """Every chunk is on the service or still queued and visible."""
        session = self.session
        if session.remote is not None and session.accepted and not self.forgotten:
            stored = self.service_digests(session)
            if stored is not None:
                assert stored[: session.accepted] == self.digests()[: session.accepted]
        step = next_step(session, self.desk.clock.at)
        waits = isinstance(step, Rest) and session.delivery is not Delivery.RESOLVED
        assert not waits or session.problem is not None or session.retry_at is not None

    def files(self) -> list[bytes]:
        """What the service must have."""
        return self._files.of(self.spool, self.session)

    def digests(self) -> list[str]:
        return self._files.digests(self.spool, self.session)

    def spoken(self) -> str:
        return " ".join(WORDS[index] for index in range(self.session.chunks))

    def service_digests(self, session: Session) -> list[str] | None:
        known = {seen.path.split("/sessions/")[-1].split("/")[0] for seen in self.proxy.seen}
        remote_id = session.remote_ids[-1]
        if remote_id not in known:
            return None
        return digests_at(self.service, remote_id)

    def _checked(self) -> Session:
        session = self.session
        assert self.service.digests(session.remote_ids[-1]) == self.digests()
        self.compared_bytes += sum(map(len, self.files()))
        assert self.service.status(session.remote_ids[-1]) == "completed"
        assert self.spool.results[self.session_id].transcript == self.spoken()
        self._check_order(session.remote_ids[-1], session.files)
        for arrived in self.proxy.arrived:
            assert arrived.headers["authorization"] == f"Bearer {TOKEN}"
        return session

    def _check_order(self, remote_id: str, files: int) -> None:
        mine = [seen for seen in self.proxy.seen if f"/sessions/{remote_id}/" in seen.path]
        taken = [seen for seen in mine if seen.status < 300]
        numbers = [int(s.purpose.split()[1]) for s in taken if s.purpose.startswith("upload")]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(files))
        ends = [seen for seen in taken if seen.purpose == "end"]
        assert len(ends) == 1, "End exactly once"
        assert b'"audio_files_sent": %d' % files in ends[0].body
        assert all(
            taken.index(seen) < taken.index(ends[0]) for seen in taken if "upload" in seen.purpose
        )
