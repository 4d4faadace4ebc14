"""The durable store: what it acknowledged is there, whatever happened."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.domain.audio import AudioForm, EncodedChunk
from scribe_desktop.domain.audit import NO_LINE, PROGRAM, Head, first_break, seal_line
from scribe_desktop.domain.errors import SpoolDamaged, SpoolError, UnknownSession
from scribe_desktop.domain.events import (
    Cancelled,
    ChunkAccepted,
    Created,
    EndAccepted,
    EndSent,
    FormChosen,
    OrderAmended,
    PiecesChosen,
    Resolved,
    Restored,
    SpeechStarted,
)
from scribe_desktop.domain.machine import IllegalEvent, apply
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.receipts import Receipt, final_digest, whole_digest
from scribe_desktop.domain.results import Author, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.services.receipt_check import altered_recordings
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_schema import (
    AUDIT_HEAD,
    DAMAGE_MARK_FILE,
    SCHEMA_VERSION,
    SPOOL_FILE,
    connect,
)

KEY = bytes(range(32))
RESULTS = Results(
    Outcome.COMPLETED,
    transcript="Zyanose-Kanarienwort",
    notes=(Note("soap", NoteStatus.SUCCESS, "# Plan"),),
)


def now() -> float:
    return 1_700_000_000.0


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def new_session(number: int = 1, **changes: object) -> Session:
    session = Session(SessionId(f"{number:032x}"), created_at=float(number), order=Order())
    return replace(session, **changes)  # type: ignore[arg-type]


def recording(spool: Spool, number: int = 1) -> SessionId:
    session = new_session(number)
    spool.add(session)
    spool.update(session.session_id, lambda s: apply(s, SpeechStarted(1.0)))
    return session.session_id


def chunk(index: int, frames: int = 4, body: bytes = b"") -> EncodedChunk:
    return EncodedChunk(index, body or b"webm %d" % index, frames)


def test_a_recoded_chunk_keeps_both_digests_and_may_not_change(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    spool.seal(session_id, chunk(0))
    first, other = chunk(0, body=b"RIFF first"), chunk(0, body=b"RIFF other")
    assert spool.note_sent(session_id, AudioForm.WAV, 1, first)
    assert spool.note_sent(session_id, AudioForm.WAV, 1, first)
    assert not spool.note_sent(session_id, AudioForm.WAV, 1, other)
    assert spool.note_sent(session_id, AudioForm.WAV, 1, other), "from now on these are sent"
    assert spool.note_sent(session_id, AudioForm.MP3, 1, first), "another form is no change"
    (receipt,) = spool.receipts(session_id)
    assert receipt.sent == (), "so far it goes as it was sealed"
    spool.update(session_id, lambda session: apply(session, FormChosen(AudioForm.MP3)))
    spool.close()
    spool = Spool.open(tmp_path, KEY, now=now)
    (receipt,) = spool.receipts(session_id)
    assert receipt == Receipt(0, 4, sha256(chunk(0).body), (sha256(first.body),))
    spool.close()


def test_receipts_outlive_the_audio_and_go_with_the_session(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    spool.seal(session_id, chunk(0))
    spool.update(session_id, lambda session: apply(session, FormChosen(AudioForm.WAV)))
    assert spool.note_sent(session_id, AudioForm.WAV, 1, chunk(0, body=b"RIFF"))
    spool.seal(session_id, chunk(1), stop_at=2.0)
    known = spool.receipts(session_id)
    assert known == (
        Receipt(0, 4, sha256(chunk(0).body), (sha256(b"RIFF"),)),
        Receipt(1, 4, sha256(chunk(1).body)),
    )
    whole = hashlib.sha256(f"{known[0].sealed}\n{known[1].sealed}\n".encode()).hexdigest()
    (stopped,) = [line for line in spool.audit_lines() if line.action == "stopped"]
    assert stopped.detail == f"sha256 {whole}", "the audit seals what was recorded"
    spool.delete_audio(session_id)
    assert not spool.has_audio(session_id)
    assert spool.receipts(session_id) == known
    spool.close()
    spool = Spool.open(tmp_path, KEY, now=now)
    assert final_digest([spool.get(session_id)], {session_id: spool.receipts(session_id)}) == whole
    assert altered_recordings(spool) == (1, ())
    spool.delete(session_id)
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    for table in ("receipts", "sent_files"):
        assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall() == [(0,)]  # noqa: S608
    connection.close()


OTHER_BODY = "UPDATE chunks SET body = X'78'"
OTHER_DIGEST = "digest = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'"
"""Of the body `x`."""
OTHER_RECEIPTS = "UPDATE receipts SET digest = 'x'"


@pytest.mark.parametrize(
    ("harm", "audio_is_here"),
    [
        ("UPDATE receipts SET digest = '0' WHERE chunk = 1", True),
        ("UPDATE receipts SET digest = '0' WHERE chunk = 1", False),
        ("UPDATE receipts SET frames = 5 WHERE chunk = 1", True),
        ("DELETE FROM receipts WHERE chunk = 1", True),
        ("DELETE FROM receipts WHERE chunk = 1", False),
        ("DELETE FROM receipts", False),
        (OTHER_BODY, True),
        (f"{OTHER_BODY}, {OTHER_DIGEST}", True),
        (OTHER_RECEIPTS, False),
    ],
)
def test_what_was_altered_since_is_found(tmp_path: Path, harm: str, *, audio_is_here: bool) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    spool.seal(session_id, chunk(0))
    spool.seal(session_id, chunk(1), stop_at=2.0)
    if not audio_is_here:
        spool.delete_audio(session_id)
    assert altered_recordings(spool) == (1, ())
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    connection.execute(harm)
    connection.close()
    spool = Spool.open(tmp_path, KEY, now=now)
    assert altered_recordings(spool) == (1, (session_id,))
    spool.close()


def test_every_piece_of_a_chunk_that_is_cut_has_its_digest(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    spool.seal(session_id, chunk(0))
    for piece in range(16):
        assert spool.note_sent(session_id, AudioForm.WEBM, 16, chunk(piece)), piece
    assert not spool.note_sent(session_id, AudioForm.WEBM, 16, chunk(15, body=b"other"))
    (receipt,) = spool.receipts(session_id)
    assert receipt.sent == (), "as long as the session does not know of pieces"
    spool.update(session_id, lambda session: apply(session, PiecesChosen(16)))
    (receipt,) = spool.receipts(session_id)
    assert receipt.sent == (sha256(b"other"),), "the others are made and noted anew"
    spool.delete(session_id)
    with pytest.raises(UnknownSession):
        spool.note_sent(session_id, AudioForm.WEBM, 16, chunk(0))
    spool.close()


def test_a_new_decoder_is_noticed_once_and_not_at_every_chunk(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    for index in range(3):
        spool.seal(session_id, chunk(index))
        assert spool.note_sent(session_id, AudioForm.WAV, 1, chunk(index, body=b"old"))
    assert not spool.note_sent(session_id, AudioForm.WAV, 1, chunk(0, body=b"new"))
    for index in range(3):
        assert spool.note_sent(session_id, AudioForm.WAV, 1, chunk(index, body=b"new"))
    spool.close()


def without_who(connection: Any) -> None:
    """Give the audit back the form that it had in layouts 1 to 4."""
    connection.execute("ALTER TABLE audit DROP COLUMN who")
    connection.execute("DELETE FROM facts WHERE name = ?", (AUDIT_HEAD,))
    previous = NO_LINE
    rows = connection.execute("SELECT number, at, action, session_id, detail FROM audit").fetchall()
    for number, at, action, session_id, detail in rows:
        line = seal_line(
            previous, number=number, at=at, action=action, session_id=session_id, detail=detail
        )
        previous = line.digest
        connection.execute("UPDATE audit SET digest = ? WHERE number = ?", (previous, number))


def test_a_store_that_does_not_say_since_when_the_service_has_it_opens(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    known = Remote("ses_1", "target", 9.0, 5.0)
    spool.update(session_id, lambda s: apply(s, Created(known)))
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    connection.execute("UPDATE sessions SET record = json_remove(record, '$.remote.created_at')")
    connection.execute("DROP TABLE receipts")
    without_who(connection)
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    spool = Spool.open(tmp_path, KEY, now=now)
    assert spool.get(session_id).remote == replace(known, created_at=None)
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    # An older program, which would not know what to make of it, leaves it alone.
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert SCHEMA_VERSION > 3
    connection.close()


@pytest.mark.parametrize("layout", [1, 2, 3, 4, 5])
def test_a_store_of_an_earlier_layout_opens_with_all_it_has(tmp_path: Path, layout: int) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    session_id = recording(spool)
    spool.seal(session_id, chunk(0))
    spool.append_tail(session_id, 4, b"tail")
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    digest = hashlib.sha256(b"RIFF").hexdigest()
    connection.execute("DROP TABLE receipts")
    if layout < 5:
        without_who(connection)
    if layout < 3:
        connection.execute("DROP TABLE sent_files")
    else:
        row = (session_id, digest)
        connection.execute("INSERT INTO sent_files VALUES (?, 0, 'wav', ?)", row)
    if layout == 2:
        connection.execute("CREATE TABLE sent (session_id, chunk, form, digest)")
        connection.execute("INSERT INTO sent VALUES (?, 0, 'wav', ?)", (session_id, digest))
    connection.execute(f"PRAGMA user_version = {layout}")
    connection.close()
    spool = Spool.open(tmp_path, KEY, now=now)
    assert spool.chunk(session_id, 0) == chunk(0)
    assert spool.tail(session_id) == b"tail"
    other = chunk(0, body=b"other")
    (receipt,) = spool.receipts(session_id)
    assert receipt == Receipt(0, 4, sha256(chunk(0).body))
    assert spool.note_sent(session_id, AudioForm.WAV, 1, other) == (layout == 1)
    lines, head = spool.audit_lines(), spool.audit_head()
    who = "clinician" if layout == 5 else ""
    assert [(line.action, line.who) for line in lines] == [("created", who)]
    assert head == Head(1, lines[0].digest)
    spool.audit("exported", session_id, who="clinician")
    assert first_break(spool.audit_lines(), spool.audit_head()) is None
    assert first_break(lines, spool.audit_head()) == 2
    spool.close()


def test_a_damaged_store_of_an_earlier_layout_keeps_its_audit(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, KEY, now=now)
    recording(spool)
    spool.close()
    connection = connect(tmp_path / SPOOL_FILE, KEY)
    connection.execute("DROP TABLE receipts")
    without_who(connection)
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    (tmp_path / DAMAGE_MARK_FILE).touch()
    with pytest.raises(SpoolDamaged):
        Spool.open(tmp_path, KEY, now=now)
    spool = Spool.open(tmp_path, KEY, now=now)
    spool.audit("exported", "5e")
    lines = spool.audit_lines()
    assert [line.action for line in lines] == ["created", "exported"]
    assert first_break(lines, spool.audit_head()) is None
    spool.close()


def test_lines_of_another_store_go_behind_ours_and_its_head_does_not(tmp_path: Path) -> None:
    """Two chains become one; ours may have no head yet, and theirs may be longer."""
    theirs = Spool.open(tmp_path / "theirs", KEY, now=now)
    recording(theirs)
    for _ in range(3):
        theirs.audit("exported", "5e", who="clinician 0815")
    theirs.close()
    spool = Spool.open(tmp_path / "ours", KEY, now=now)
    spool.take_in(tmp_path / "theirs", KEY)
    lines = spool.audit_lines()
    assert [line.who for line in lines] == ["clinician", *["clinician 0815"] * 3]
    assert first_break(lines, spool.audit_head()) is None
    spool.close()


def delivered(spool: Spool, number: int = 1) -> SessionId:
    session_id = recording(spool, number)
    spool.seal(session_id, chunk(0), stop_at=2.0)
    for event in (
        Created(Remote("ses_1", "target")),
        ChunkAccepted(0, "ses_1"),
        EndSent(),
        EndAccepted(3.0, 1),
    ):
        spool.update(session_id, lambda s, event=event: apply(s, event))  # type: ignore[misc]
    return session_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def reopen(folder: Path) -> Iterator[Callable[[], Spool]]:
    """Close the store and open it again, as a restart does."""
    opened: list[Spool] = []

    def reopen() -> Spool:
        if opened:
            opened[-1].close()
        opened.append(Spool.open(folder, KEY, now=now))
        return opened[-1]

    yield reopen
    opened[-1].close()


@pytest.fixture
def spool(reopen: Callable[[], Spool]) -> Spool:
    return reopen()


def test_a_restart_changes_nothing(spool: Spool, reopen: Callable[[], Spool]) -> None:
    session_id = recording(spool)
    spool.append_tail(session_id, 0, b"abcdefgh")
    spool.seal(session_id, chunk(0))
    spool.append_tail(session_id, 4, b"ijkl")
    spool.update(session_id, lambda s: apply(s, Created(Remote("ses_1", "t", 9.0))))
    before = spool.get(session_id)

    again = reopen()

    assert again.get(session_id) == before
    assert again.chunk(session_id, 0) == chunk(0)
    assert again.tail(session_id) == b"ijkl"


def test_sealing_drops_exactly_the_tail_that_the_chunk_holds(spool: Spool) -> None:
    session_id = recording(spool)
    spool.append_tail(session_id, 0, b"aabbcc")
    spool.append_tail(session_id, 3, b"ddeeff")
    assert spool.tail(session_id) == b"aabbccddeeff"

    spool.seal(session_id, chunk(0, frames=4))

    assert spool.tail(session_id) == b"eeff"
    spool.append_tail(session_id, 6, b"gg")
    assert spool.tail(session_id) == b"eeffgg"


def test_the_last_chunk_and_the_stop_are_one_change(spool: Spool) -> None:
    session_id = recording(spool)
    spool.append_tail(session_id, 0, b"aabbccdd")
    session = spool.seal(session_id, chunk(0), stop_at=7.0)
    assert (session.capture, session.stopped_at, session.chunks) == (Capture.STOPPED, 7.0, 1)
    assert spool.tail(session_id) == b""


def test_an_illegal_chunk_changes_nothing(spool: Spool) -> None:
    session_id = recording(spool)
    spool.append_tail(session_id, 0, b"aabb")
    before = spool.get(session_id)
    with pytest.raises(IllegalEvent):
        spool.seal(session_id, chunk(1))
    assert spool.get(session_id) == before
    assert spool.tail(session_id) == b"aabb"


def test_the_digest_is_that_of_the_bytes(spool: Spool) -> None:
    session_id = recording(spool)
    spool.seal(session_id, chunk(0, body=b"abc"))
    (receipt,) = spool.receipts(session_id)
    assert receipt.sealed.startswith("ba7816bf")
    assert receipt.sent == ()


def test_sessions_come_newest_first_and_are_found_by_their_first_digits(spool: Spool) -> None:
    with pytest.raises(UnknownSession):
        spool.find("last")
    for number in (1, 3, 2):
        spool.add(new_session(number))
    spool.add(new_session(0xA << 124))
    assert [s.created_at for s in spool.sessions()][1:] == [3.0, 2.0, 1.0]
    assert spool.find("last") == spool.find("a") == f"{0xA << 124:032x}"
    assert spool.find(f"{3:032x}") == f"{3:032x}"
    for wrong in ("0", "", "b"):
        with pytest.raises(UnknownSession):
            spool.find(wrong)
    with pytest.raises(UnknownSession):
        spool.get(SessionId("none"))


def test_a_session_is_added_once(spool: Spool) -> None:
    spool.add(new_session())
    with pytest.raises(ValueError, match="exists"):
        spool.add(new_session())


def test_a_change_that_raises_changes_nothing(spool: Spool) -> None:
    session_id = recording(spool)
    before = spool.get(session_id)
    with pytest.raises(IllegalEvent):
        spool.update(session_id, lambda s: apply(s, EndSent()))
    assert spool.get(session_id) == before


def test_two_threads_updating_one_session_lose_nothing(
    spool: Spool, reopen: Callable[[], Spool]
) -> None:
    session_id = recording(spool)
    seen: list[int] = []
    spool.subscribe(lambda s: seen.append(s.attempts))

    def count() -> None:
        for _ in range(100):
            spool.update(session_id, lambda s: replace(s, attempts=s.attempts + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spool.get(session_id).attempts == 400
    assert seen == list(range(1, 401))
    assert reopen().get(session_id).attempts == 400


def test_a_listener_may_call_the_spool_and_cannot_harm_it(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Session] = []

    def broken(session: Session) -> None:
        raise RuntimeError("Zyanose-Kanarienwort")

    def cancels(session: Session) -> None:
        if not session.is_cancelled:
            spool.update(session.session_id, lambda s: apply(s, Cancelled(5.0)))

    spool.subscribe(broken)
    spool.subscribe(cancels)
    end = spool.subscribe(seen.append)
    spool.add(new_session())
    assert [s.is_cancelled for s in seen] == [False, True]
    assert "RuntimeError" in caplog.text
    assert "Kanarienwort" not in caplog.text
    end()
    spool.add(new_session(2))
    assert len(seen) == 2


def test_an_update_that_changes_nothing_is_not_told(spool: Spool) -> None:
    session_id = recording(spool)
    seen: list[Session] = []
    spool.subscribe(seen.append)
    spool.update(session_id, lambda s: s)
    assert seen == []


def test_results_and_the_resolved_state_are_stored_together(
    spool: Spool, reopen: Callable[[], Spool]
) -> None:
    session_id = delivered(spool)
    session = spool.store_results(session_id, RESULTS, Resolved(4.0, Outcome.COMPLETED, "ses_1"))
    assert session.delivery is Delivery.RESOLVED
    edited = replace(RESULTS, transcript="corrected")
    spool.add_version(session_id, edited, Author.CLINICIAN)

    versions = reopen().versions(session_id)

    assert [(v.version, v.author, v.results) for v in versions] == [
        (1, Author.SERVICE, RESULTS),
        (2, Author.CLINICIAN, edited),
    ]


def test_results_of_an_illegal_receipt_are_not_stored(spool: Spool) -> None:
    session_id = delivered(spool)
    with pytest.raises(IllegalEvent):
        spool.store_results(session_id, RESULTS, Resolved(4.0, Outcome.COMPLETED, "ses_other"))
    assert spool.versions(session_id) == ()


@pytest.mark.parametrize("pieces", [(b"tail", b"tail and more"), (b"tail and more", b"tail")])
def test_a_piece_of_a_tail_may_come_again_with_more_behind_it(
    spool: Spool, pieces: tuple[bytes, bytes]
) -> None:
    session_id = recording(spool)
    for piece in pieces:
        spool.append_tail(session_id, 0, piece + b"!" * (len(piece) % 2))
    longest = max(pieces, key=len)
    assert spool.tail(session_id) == longest + b"!" * (len(longest) % 2)


def test_deleting_is_for_good(spool: Spool, folder: Path) -> None:
    keep, gone = delivered(spool, 1), delivered(spool, 2)
    spool.seal(recording(spool, 3), chunk(0, body=b"\0" * 3_000_000))
    spool.delete(spool.find(f"{3:032x}"))
    spool.delete(gone)
    assert [s.session_id for s in spool.sessions()] == [keep]
    with pytest.raises(UnknownSession):
        spool.versions(gone)
    assert (folder / "spool.db-wal").stat().st_size == 0
    assert (folder / "spool.db").stat().st_size < 200_000


def test_deleted_audio_leaves_the_results(spool: Spool) -> None:
    session_id = delivered(spool)
    spool.store_results(session_id, RESULTS, Resolved(4.0, Outcome.COMPLETED, "ses_1"))
    assert spool.has_audio(session_id)
    spool.delete_audio(session_id)
    assert not spool.has_audio(session_id)
    assert len(spool.versions(session_id)) == 1
    with pytest.raises(SpoolError, match="no longer on this computer"):
        spool.chunk(session_id, 0)


def test_facts_are_remembered(spool: Spool, reopen: Callable[[], Spool]) -> None:
    assert spool.recall("offer") is None
    spool.remember("offer", {"models": ["pro"]})
    spool.remember("offer", {"models": ["lite"]})
    assert reopen().recall("offer") == {"models": ["lite"]}


def test_audit_lines_are_a_chain(spool: Spool, reopen: Callable[[], Spool]) -> None:
    for action in ("created", "exported", "deleted"):
        spool.audit(action, "5e", "Markdown")
    lines = reopen().audit_lines()
    assert [line.action for line in lines] == ["created", "exported", "deleted"]
    assert first_break(lines) is None


def test_every_deed_is_written_down_with_what_was_done(spool: Spool) -> None:
    session_id = delivered(spool)
    spool.store_results(session_id, RESULTS, Resolved(4.0, Outcome.COMPLETED, "ses_1"))
    spool.add_version(session_id, RESULTS, Author.CLINICIAN)
    amended = Order(patient=Patient(name="Kanarie Vogel"))
    spool.update(session_id, lambda s: apply(s, OrderAmended(amended)))
    spool.update(session_id, lambda s: apply(s, OrderAmended(replace(amended, model="lite"))))
    spool.update(session_id, lambda s: apply(s, Cancelled(5.0)))
    spool.update(session_id, lambda s: apply(s, Restored()))
    spool.delete_audio(session_id)
    with pytest.raises(IllegalEvent):
        spool.update(session_id, lambda s: apply(s, EndSent()))
    spool.delete(session_id)
    lines = spool.audit_lines()
    assert [(line.action, line.detail) for line in lines] == [
        ("created", ""),
        ("stopped", f"sha256 {whole_digest([sha256(chunk(0).body)])}"),
        ("sent", ""),
        ("result stored", ""),
        ("edited", "version 2"),
        ("patient changed", ""),
        ("order changed", ""),
        ("discarded", ""),
        ("restored", ""),
        ("audio deleted", "asked"),
        ("deleted", "asked"),
    ]
    assert {line.session_id for line in lines} == {session_id}
    by_itself = {line.action for line in lines if line.who == PROGRAM}
    assert by_itself == {"sent", "result stored"}
    assert {line.who for line in lines if line.who != PROGRAM} == {"clinician"}
    assert first_break(lines, spool.audit_head()) is None
    spool.audit("key exported")
    assert first_break(lines, spool.audit_head()) == len(lines) + 1


def test_nothing_readable_is_on_the_disk(spool: Spool, folder: Path) -> None:
    session = new_session(order=Order(patient=Patient(name="Kanarie Vogel")))
    spool.add(session)
    session_id = delivered(spool, 2)
    spool.store_results(session_id, RESULTS, Resolved(4.0, Outcome.COMPLETED, "ses_1"))
    spool.append_tail(recording(spool, 3), 0, b"Kanarienwort" * 100)
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"Kanarie" not in written
    assert b"SQLite format" not in written
    assert folder.stat().st_mode & 0o077 == 0
