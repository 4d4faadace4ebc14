"""Plays a delivery from a small text, such as

    speak 3 chunks | upload 1: lose reply | upload 2: answer 503 x2 | stop

from the real encrypted spool to the real service behind a fault proxy, and
checks after each step what always holds: every chunk is on the service by hash
or still queued and visible, End came at most once, and nobody but the service
saw a credential.
"""

import re
import ssl
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import SpoolError
from scribe_desktop.domain.events import Cancelled, SpeechStarted, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.domain.steps import Create, End, Poll, Rest, Step, Upload, Withdraw, next_step
from scribe_desktop.services.address import Address
from scribe_desktop.services.client import Client
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.view_state import foot_sentence, session_rows
from tests.faults.bystanders import BlackHole, Eavesdropper, ShutDoor
from tests.faults.canaries import NAME, Logged
from tests.faults.proxy import FaultProxy, Seen
from tests.faults.real_service import KEY, TOKEN, RealService
from tests.faults.sent_files import SentFiles, digest, digests_at
from tests.faults.tally import Tally
from tests.peers.publisher import certificate
from tests.server.conftest import Clock
from tests.server.scripted import WORDS, ScriptedSpeech, wav
from tests.services.deliveries import REMOTE, MemorySpool, an_order

_TIMES = re.compile(r" x(\d+)$")
_UNSENT = re.compile(r"Waiting to send|Sending \d+ of \d+|Processing|Needs attention")
_ALL_IS_WELL = ("Everything is sent.", "Nothing is waiting.")
DAY_S = 24 * 3600.0
STORAGE_HOST = "storage.test"


class WavSpool(MemorySpool):
    """Its chunks say "zero", "one", "two" … to the scripted engine."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        return EncodedChunk(index, wav(index), 1600, "audio/wav", "wav")


def wav_chunk(index: int, seconds: float = 0.1) -> EncodedChunk:
    """A chunk in which the scripted engine hears its number."""
    return EncodedChunk(index, wav(index, seconds=seconds), round(16_000 * seconds))


def numbers_said(session: Session) -> str:
    return " ".join(WORDS[index] for index in range(session.chunks))


class RenewedTokens:
    """Tokens of which each renewal is another one; keeps all that there were."""

    def __init__(self, first: str) -> None:
        self.issued = [first]

    @property
    def renewals(self) -> int:
        return len(self.issued) - 1

    def token(self) -> str:
        return self.issued[-1]

    def renew(self, refused: str) -> str:
        assert refused == self.issued[-1]
        self.issued.append(f"{self.issued[0]}-{len(self.issued)}")
        return self.issued[-1]


@dataclass(frozen=True)
class Scene:
    """What is different in a story: its speech, its service, its clocks.

    `ahead_s` is by how much the service's clock is ahead of ours. `storage`:
    the audio goes to another port by a presigned `form`, or to another host by
    an `https` address. `reopens`: the program is ended and started again before
    every step.
    """

    make_chunk: Callable[[int], EncodedChunk] = wav_chunk
    make_speech: Callable[[], Any] = ScriptedSpeech
    says: Callable[[Session], str] = numbers_said
    dialect: str = "onprem"
    token: str = TOKEN
    patience: float = 1.0
    ahead_s: float = 80_000_000.0
    storage: str = ""
    reopens: bool = False


class Story:
    """One dictation, one service, one proxy between them, and who else is on the network."""

    def __init__(self, folder: Path, tally: Tally, scene: Scene | None = None) -> None:
        self.scene = scene or Scene()
        self.tally = tally
        self._folder = folder
        self.logged = Logged(folder / "logs")
        self.service_clock = Clock()
        self.clock = Clock(self.service_clock.at - self.scene.ahead_s)
        self.service = RealService(folder / "service", self.service_clock, self.scene.make_speech)
        self.evil, self._shut, self._hole = Eavesdropper(), ShutDoor(), BlackHole()
        self.proxy, self.storage = self._proxy(), self._proxy()
        self._join_storage()
        self.tokens = RenewedTokens(self.scene.token)
        self.persons_asked = 0
        self.waited: list[float] = []
        self.problems: list[str] = []
        self._line = ""
        self._line_used = False
        self._waiting: deque[str] = deque()
        self._files = SentFiles()
        self._sealed: list[str] = []
        self._emptied: set[str] = set()
        self.session_id = SessionId("ses_" + "5" * 24)
        self._open()

    def _proxy(self) -> FaultProxy:
        proxy = FaultProxy(lambda: self.service.port)
        proxy.elsewhere, proxy.token, proxy.clock = self.evil.url, TOKEN, self.service_clock
        return proxy

    def _join_storage(self) -> None:
        """Let the service's forms lead to another port, where the same story goes on."""
        self.storage.faults, self.storage.actions = self.proxy.faults, self.proxy.actions
        self.storage.seen = self.proxy.seen
        if self.scene.storage == "form":
            self.proxy.query = "?version=v2"
            here = f":{self.proxy.port}/voice/v1/blob-upload/".encode()
            there = f":{self.storage.port}/voice/v1/blob-upload/".encode()
            self.proxy.rewrite = lambda _, body: body.replace(here, there)
        elif self.scene.storage == "https":
            pem, secret = certificate(self._folder, STORAGE_HOST)
            self.storage.secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.storage.secure.load_cert_chain(pem, secret)
            self.storage.vouches = True
            begins = f"http://127.0.0.1:{self.proxy.port}/".encode()
            instead = f"https://{STORAGE_HOST}:{self.storage.port}/".encode()
            self.proxy.rewrite = lambda _, body: body.replace(begins, instead)

    def _open(self) -> None:
        """Start the program: its spool and its two workers, which remember nothing."""
        self.spool = Spool.open(self._folder / "spool", KEY, now=self.clock)
        wire = Wire(dict, patience=self.scene.patience)
        self.client = Client("clinic", self._address, now=self.clock, wire=wire)
        self.uploader = Uploader(self.spool, lambda _: self.client, self.clock, lambda: 0.0)
        self.poller = Poller(self.spool, lambda _: self.client, self.clock, spread=lambda: 0.0)

    def _address(self) -> Address:
        self._line_used = True
        url = {
            "refuse": self._shut.url,
            "black hole": self._hole.url,
            "": f"http://127.0.0.1:{self.proxy.port}/voice/v1",
        }[self._line]
        return Address(url, self.scene.dialect, self.tokens)

    def _end_program(self) -> None:
        self.client.close()
        self.spool.close()

    def close(self) -> None:
        self._end_program()
        for one in (self.proxy, self.storage, self.service, self.evil, self._shut, self._hole):
            one.close()
        self.logged.check()

    # --- the script --------------------------------------------------------------------

    def play(self, script: str) -> Session:
        """Play it to the end; returns the session as it is then."""
        for line in (part.strip() for part in script.split("|")):
            self._read(line)
        self._run()
        self._nothing_is_left_over()
        self._check_credentials()
        if not self.session.withdrawn:
            self._check_delivery(self.session)
        self.tally.completed()
        return self.session

    def _read(self, line: str) -> None:
        if match := re.fullmatch(r"speak (\d+) chunks?", line):
            self._speak(int(match[1]))
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

    def _speak(self, chunks: int) -> None:
        order = replace(an_order(templates=("soap",)), patient=Patient(name=NAME))
        session = Session(self.session_id, self.clock.at, order)
        self.spool.add(session)
        self.spool.update(self.session_id, lambda s: apply(s, SpeechStarted(self.clock.at)))
        for index in range(chunks):
            chunk = self.scene.make_chunk(index)
            self.spool.seal(self.session_id, chunk)
            self._sealed.append(digest(chunk.body))

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "restart": self.service.restart,
            "forget": self._forget,
            "cancel": self._cancel,
            "expire": lambda: self.later(2 * 3600),
            "the form is too old": lambda: self.later(3 * 3600 + 1),
            "11 minutes": lambda: self.later(11 * 60),
        }

    def _forget(self) -> None:
        self._emptied.update(self.session.remote_ids)
        self._emptied.update(filter(None, (_remote_id(seen) for seen in self.proxy.seen)))
        self.service.restart(forgetting=True)

    def _cancel(self) -> None:
        self.spool.update(self.session_id, lambda s: apply(s, Cancelled(self.clock.at)))

    def later(self, seconds: float) -> None:
        """Only the service's clock goes on; ours is moved by what is waited for."""
        self.service_clock.at += seconds

    # --- running -----------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.spool.get(self.session_id)

    def _run(self, steps: int = 400) -> None:
        for _ in range(steps):
            if self.session.delivery is Delivery.RESOLVED or self.session.withdrawn:
                return
            if self.scene.reopens:
                self._end_program()
                self._open()
            self._step()
            if self.session.problem is not None and self.session.retry_at is None:
                self._ask_a_person()
        raise AssertionError(f"not resolved: {self.problems[-3:]} {self.session}")

    def _step(self) -> None:
        """One step of each worker; then the clocks move on to the next that is due."""
        dues = []
        for worker in (self.uploader, self.poller):
            before = self.session
            self._choose_line(worker)
            dues.append(worker.step(REMOTE))
            self._note_line()
            if self.session != before:
                self._nothing_is_lost()
                if self.session.problem is not None:
                    self.problems.append(self.session.problem.message)
        ahead = [due for due in dues if due is not None]
        if ahead and min(ahead) > self.clock.at:
            waited = min(ahead) - self.clock.at
            self.waited.append(waited)
            self.clock.at += waited
            self.service_clock.at += waited

    def _choose_line(self, worker: Uploader | Poller) -> None:
        """Where the line leads that this worker is about to use."""
        step = next_step(self.session, self.clock.at)
        mine = isinstance(step, Poll) == (worker is self.poller)
        self._waiting = self.proxy.faults[_purpose(step)] if mine else deque()
        fault = self._waiting[0] if self._waiting else ""
        self._line = fault if fault in {"refuse", "black hole"} else ""
        self._line_used = False

    def _note_line(self) -> None:
        """A fault of the line is used up once the program has asked where the service is."""
        if self._line and self._line_used:
            self.proxy.applied.append(self._waiting.popleft())
        self._line = ""

    def _ask_a_person(self) -> None:
        """Only a person can help: signs in, or presses Send now."""
        problem = self.session.problem
        assert problem is not None
        assert "safe" in problem.message
        assert problem.remedy
        self.persons_asked += 1
        self.uploader.release(self.session_id)

    # --- what always holds -------------------------------------------------------------

    def _nothing_is_lost(self) -> None:
        """Every chunk is on the service or still queued and visible."""
        session = self.session
        lost = sum(self._lost(session))
        self.tally.lost(lost)
        assert lost == 0
        remote_id = session.remote_ids[-1] if session.remote_ids else ""
        if session.remote is not None and remote_id not in self._emptied:
            # What it acknowledged it has, whatever it was restarted or told in between.
            stored = self.service_digests(remote_id)
            assert stored[: session.accepted] == self.digests()[: session.accepted]
        if session.delivery is not Delivery.RESOLVED and not session.is_cancelled:
            self._it_is_visible(session)

    def _lost(self, session: Session) -> Iterator[int]:
        """How long each chunk is that is neither in our store nor in the service's."""
        there = {one for remote in session.remote_ids for one in self.service_digests(remote)}
        for index, sealed in enumerate(self._sealed):
            try:
                here = digest(self.spool.chunk(self.session_id, index).body)
            except SpoolError:
                here = ""
            if sealed not in {here, *there}:
                yield len(self.scene.make_chunk(index).body)

    def _it_is_visible(self, session: Session) -> None:
        """The window has a row for it whose word is not of something done, and says so below."""
        (row,) = session_rows(self.spool.sessions(), "", self.clock.at)
        assert _UNSENT.fullmatch(row.state.word), row.state.word
        foot = foot_sentence(self.spool.sessions(), Offer("clinic"), self.clock.at)
        assert not any(words in foot for words in _ALL_IS_WELL), foot
        waits = isinstance(next_step(session, self.clock.at), Rest)
        assert not waits or session.problem is not None or session.retry_at is not None

    def files(self) -> list[bytes]:
        """What the service must have."""
        return self._files.of(self.spool, self.session)

    def digests(self) -> list[str]:
        return self._files.digests(self.spool, self.session)

    def service_digests(self, remote_id: str) -> list[str]:
        return digests_at(self.service, remote_id)

    # --- what holds at the end ---------------------------------------------------------

    def _nothing_is_left_over(self) -> None:
        """Each fault was really met: a story whose fault never happened proves nothing."""
        assert not any(self.proxy.faults.values()), dict(self.proxy.faults)
        assert not any(self.proxy.actions.values()), dict(self.proxy.actions)
        self.tally.tried(len(self.proxy.applied) + len(self.storage.applied))

    def _check_delivery(self, session: Session) -> None:
        remote_id = session.remote_ids[-1]
        stored = self.service.digests(remote_id)
        files = self.files()
        missing = [body for body in files if digest(body) not in stored]
        self.tally.compared(sum(map(len, files)))
        self.tally.lost(sum(map(len, missing)))
        assert stored == [digest(body) for body in files]
        assert self.service.status(remote_id) == "completed"
        transcript = self.spool.versions(self.session_id)[-1].results.transcript
        assert transcript == self.scene.says(session)
        assert [digest(self.spool.chunk(self.session_id, i).body) for i in range(session.chunks)]
        self._check_order(remote_id, session.files)

    def _check_order(self, remote_id: str, files: int) -> None:
        mine = [seen for seen in self.proxy.seen if _remote_id(seen) == remote_id]
        taken = [seen for seen in mine if seen.status < 300]
        numbers = [int(s.purpose.split()[1]) for s in taken if s.purpose.startswith("upload")]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(files))
        (end,) = [seen for seen in taken if seen.purpose == "end"]
        assert b'"audio_files_sent": %d' % files in end.body
        assert all(taken.index(s) < taken.index(end) for s in taken if "upload" in s.purpose)
        # Whatever became of its reply, and in whichever session: no second one arrived.
        ends = Counter(_remote_id(seen) for seen in self.proxy.seen if seen.purpose == "end")
        assert set(ends.values()) == {1}, f"End exactly once: {ends}"

    def _check_credentials(self) -> None:
        """The service got one at each call; nobody else got a byte of one, nor anything at all."""
        known = {*self.tokens.issued, *(f"Bearer {token}" for token in self.tokens.issued)}
        for arrived in self.proxy.arrived:
            assert arrived.credential in known, arrived.purpose
            assert not (self.scene.storage and "upload" in arrived.purpose)
        assert bool(self.storage.arrived) == bool(self.scene.storage)
        for arrived in self.storage.arrived:
            assert arrived.purpose.startswith("upload")
            assert not any(token.encode() in arrived.bytes_sent for token in self.tokens.issued)
        assert self.evil.heard == [], "somebody else was spoken to"


def _purpose(step: Step) -> str:
    match step:
        case Upload(index):
            return f"upload {index}"
        case Create():
            return "create"
        case End():
            return "end"
        case Poll():
            return "poll"
        case Withdraw():
            return "withdraw"
        case _:
            return ""


def _remote_id(seen: Seen) -> str:
    """Which session a request was about; a form has it in its key."""
    if "/blob-upload/" in seen.path:
        key = re.search(rb'name="key"\r\n\r\n([^/\r\n]+)/', seen.body)
        return key[1].decode() if key else ""
    about = re.search(r"/sessions/([^/?]+)", seen.path)
    return about[1] if about else ""
