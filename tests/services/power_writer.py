"""A child that keeps dictations in a real store, and says after each call that it came back.

Run as a script: folder of the home, file for what must be there after each
call, rounds, level of synchronous, pages of the log. The level is FULL in the
program; another one shows that the test of the power cuts can fail. The log is
written back after fewer pages than in the program, so that it happens in a
short run.

What must be there is a model that knows nothing of the store.
"""

import hashlib
import os
import pickle
import random
import sys
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Any, TypeAlias

from sqlcipher3 import dbapi2

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk
from scribe_desktop.domain.audit import NO_LINE, seal_line
from scribe_desktop.domain.events import (
    ChunkAccepted,
    ChunkSealed,
    Created,
    EndAccepted,
    EndSent,
    Event,
    Resolved,
    SpeechStarted,
    Stopped,
)
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.services import spool_schema
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import (
    emergency_folder,
    open_emergency,
    take_in_waiting,
)
from scribe_desktop.services.places import HOME_VARIABLE, Places, find_places
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_audit import SpoolAudit
from scribe_desktop.services.spool_opening import OpenedSpool, open_spool
from scribe_desktop.services.spool_speech import SpoolSpeech
from tests.services.spool_writer import sound

BLOCK_FRAMES = 4_800
"""What the recorder keeps at once."""

BODY_BYTES = 6_000


@dataclass(frozen=True)
class Kept:
    """Of one dictation: how far it is, the bodies of its chunks, its tail, its transcript."""

    session: Session
    bodies: tuple[bytes, ...] = ()
    tail: bytes = b""
    text: str = ""


Held: TypeAlias = dict[str, Kept]


def now() -> float:
    return 1_700_000_000.0


def places_in(home: Path) -> Places:
    return find_places({HOME_VARIABLE: str(home)})


def opened(home: Path) -> OpenedSpool:
    """As the program opens it: with the key that lies there, and what was kept in an emergency."""
    places = places_in(home)
    credentials = Credentials(places.keyring_name, places.config)
    return open_spool(places.spool, credentials, now=now)


def held_by(spool: Spool) -> Held:
    held: Held = {}
    for session in spool.sessions():
        one = session.session_id
        bodies = tuple(spool.chunk(one, index).body for index in range(session.chunks))
        digests = [hashlib.sha256(body).hexdigest() for body in bodies]
        assert [receipt.sealed for receipt in spool.receipts(one)] == digests
        texts = [version.results.transcript or "" for version in spool.versions(one)]
        held[one] = Kept(session, bodies, spool.tail(one), " ".join(texts))
    return held


def put_without_receipt(
    self: SpoolSpeech, session_id: SessionId, chunk: EncodedChunk, sealed_frames: int
) -> None:
    """As the first release kept a chunk."""
    digest = hashlib.sha256(chunk.body).hexdigest()
    row = (chunk.index, chunk.body, chunk.frames, chunk.media_type, chunk.extension, digest)
    self._file.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", session_id, *row)
    self._drop_tail(session_id, sealed_frames)


def add_without_who(
    self: SpoolAudit, action: str, session_id: str = "", detail: str = "", **_: object
) -> None:
    """As the first release kept a deed."""
    last = self._file.read("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1")
    number, digest = last[0] if last else (0, NO_LINE)
    line = seal_line(
        digest,
        number=number + 1,
        at=self._now(),
        action=action,
        session_id=session_id,
        detail=detail,
    )
    row = (line.number, line.at, action, session_id, detail, line.digest)
    self._file.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", *row)


class Writer:
    """Does one thing after the other, and what each means for the model."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.must_hold: list[Held] = [{}]
        self._held: Held = {}
        self._chance = random.Random(1)

    def came_back(self) -> None:
        """The last call was acknowledged."""
        self.must_hold.append(dict(self._held))
        os.write(1, f"ack {len(self.must_hold) - 1}\n".encode())

    def add(self, spool: Spool, one: SessionId) -> None:
        session = Session(one, now(), Order())
        spool.add(session)
        self._held[one] = Kept(session)
        self.came_back()
        self.fold(spool, one, SpeechStarted(now()))

    def fold(self, spool: Spool, one: SessionId, event: Event) -> None:
        spool.update(one, lambda session: apply(session, event))
        self._now_is(one, event)
        self.came_back()

    def _now_is(self, one: SessionId, *events: Event, **changed: Any) -> None:
        kept = self._held[one]
        self._held[one] = replace(kept, session=reduce(apply, events, kept.session), **changed)

    def speak(self, spool: Spool, one: SessionId) -> None:
        """Another block behind the tail."""
        kept = self._held[one]
        at = kept.session.frames + len(kept.tail) // BYTES_PER_FRAME
        pcm = sound(at, BLOCK_FRAMES)
        spool.append_tail(one, at, pcm)
        self._now_is(one, tail=kept.tail + pcm)
        self.came_back()

    def seal(self, spool: Spool, one: SessionId, *, all_of_it: bool = False) -> None:
        """Make a chunk of most of the tail, or of all and stop."""
        kept = self._held[one]
        there = len(kept.tail) // BYTES_PER_FRAME
        frames = there if all_of_it else there * 3 // 4
        body = self._chance.randbytes(BODY_BYTES)
        chunk = EncodedChunk(len(kept.bodies), body, frames)
        spool.seal(one, chunk, stop_at=now() if all_of_it else None)
        events: list[Event] = [ChunkSealed(chunk.index, frames)]
        if all_of_it:
            events.append(Stopped(now()))
        tail = kept.tail[frames * BYTES_PER_FRAME :]
        self._now_is(one, *events, bodies=(*kept.bodies, body), tail=tail)
        self.came_back()

    def deliver(self, spool: Spool, one: SessionId) -> None:
        """All that becomes of it, until its text is here."""
        remote = f"remote {one}"
        self.fold(spool, one, Created(Remote(remote, "target")))
        for index in range(self._held[one].session.chunks):
            self.fold(spool, one, ChunkAccepted(index, remote))
        self.fold(spool, one, EndSent())
        self.fold(spool, one, EndAccepted(now()))
        text, resolved = f"text of {one}", Resolved(now(), Outcome.COMPLETED, remote)
        spool.store_results(one, Results(Outcome.COMPLETED, text), resolved)
        self._now_is(one, resolved, text=text)
        self.came_back()

    def delete(self, spool: Spool, one: SessionId) -> None:
        spool.delete(one)
        del self._held[one]
        self.came_back()

    def dictate(self, spool: Spool, one: SessionId, blocks: tuple[int, ...]) -> None:
        """So many blocks before each chunk."""
        self.add(spool, one)
        for number, count in enumerate(blocks, start=1):
            for _ in range(count):
                self.speak(spool, one)
            self.seal(spool, one, all_of_it=number == len(blocks))

    # --- a life --------------------------------------------------------------------------

    def with_an_older_version(self) -> None:
        """What the first release left: a store of the first layout, with a dictation begun."""
        layouts, version = spool_schema._MIGRATIONS, spool_schema.SCHEMA_VERSION
        setattr(spool_schema, "_MIGRATIONS", layouts[:1])  # noqa: B010  it is final
        setattr(spool_schema, "SCHEMA_VERSION", 1)  # noqa: B010
        put, add = SpoolSpeech.put, SpoolAudit.add
        setattr(SpoolSpeech, "put", put_without_receipt)  # noqa: B010
        setattr(SpoolAudit, "add", add_without_who)  # noqa: B010
        spool = opened(self.home).spool
        self.came_back()
        self.add(spool, SessionId("01d"))
        self.speak(spool, SessionId("01d"))
        self.seal(spool, SessionId("01d"))
        spool.close()
        setattr(spool_schema, "_MIGRATIONS", layouts)  # noqa: B010
        setattr(spool_schema, "SCHEMA_VERSION", version)  # noqa: B010
        setattr(SpoolSpeech, "put", put)  # noqa: B010
        setattr(SpoolAudit, "add", add)  # noqa: B010

    def in_an_emergency(self, home: OpenedSpool) -> None:
        """A dictation that began while the keyring was locked, and comes home."""
        folder, one = places_in(self.home).spool, SessionId("e3e")
        store = open_emergency(emergency_folder(folder, now()), now=now)
        self.came_back()
        self.add(store.spool, one)
        self.speak(store.spool, one)
        self.seal(store.spool, one)
        store.spool.close()
        assert not take_in_waiting(home.spool, folder, home.key, now=now)
        self.came_back()

    def live(self, rounds: int) -> None:
        self.with_an_older_version()
        home = opened(self.home)
        spool = home.spool
        self.came_back()
        self.speak(spool, SessionId("01d"))
        self.seal(spool, SessionId("01d"), all_of_it=True)
        self.deliver(spool, SessionId("01d"))
        self.in_an_emergency(home)
        for number in range(rounds):
            self.dictate(spool, SessionId(f"{number:04}"), (2, 1, 1))
        self.delete(spool, SessionId("01d"))
        self.dictate(spool, SessionId("1a57"), (1, 1))
        spool.close()


class Watched(dbapi2.Connection):  # type: ignore[misc] # the library has no types
    """The library's own, which is told other words than the program's where a test wants that."""

    level, pages = "FULL", 0

    def execute(self, sql: str, *values: Any) -> Any:
        asked = super().execute(
            sql.replace("synchronous = FULL", f"synchronous = {self.level}"), *values
        )
        if self.pages and sql.startswith("PRAGMA journal_mode"):
            super().execute(f"PRAGMA wal_autocheckpoint = {self.pages}").fetchall()
        return asked


def main(home: Path, record: Path, rounds: int, level: str, pages: int) -> None:
    Watched.level, Watched.pages = level, pages
    dbapi2.connect = partial(dbapi2.connect, factory=Watched)
    writer = Writer(home)
    writer.live(rounds)
    record.write_bytes(pickle.dumps(writer.must_hold))


if __name__ == "__main__":
    # By its full name, under which another process can read what is pickled here.
    from tests.services import power_writer

    power_writer.main(
        Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    )
