"""The digest of a whole recording, and what the service counted against what was sent."""

import hashlib
from dataclasses import replace

import pytest

from scribe_desktop.domain.order import Order, UploadType
from scribe_desktop.domain.receipts import (
    Receipt,
    count_sentence,
    counted_otherwise,
    final_digest,
    receipts_record,
    whole_digest,
)
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId

FIRST = Session(
    SessionId("a"), 1.0, Order(), Capture.STOPPED, Delivery.RESOLVED, chunks=2, frames=32_000,
    accepted=2, received=2,
)  # fmt: skip
SECOND = replace(FIRST, session_id=SessionId("b"), follows=FIRST.session_id, chunks=1, accepted=1)
A, B, C = (hashlib.sha256(body).hexdigest() for body in (b"a", b"b", b"c"))
KNOWN = {
    FIRST.session_id: (Receipt(0, 16_000, A), Receipt(1, 16_000, B, (C,))),
    SECOND.session_id: (Receipt(0, 8_000, C),),
}


def test_the_digest_of_the_whole_is_that_of_the_lines_of_the_chunks_digests() -> None:
    both = hashlib.sha256(f"{A}\n{B}\n{C}\n".encode()).hexdigest()
    assert final_digest([FIRST, SECOND], KNOWN) == both == whole_digest([A, B, C])
    assert whole_digest([A, B]) != whole_digest([B, A]), "the order of speech counts"


def test_there_is_no_digest_before_the_end_or_where_a_receipt_is_not_known() -> None:
    recording = replace(SECOND, capture=Capture.RECORDING)
    assert final_digest([FIRST, recording], KNOWN) is None
    assert final_digest([replace(FIRST, chunks=3)], KNOWN) is None
    assert final_digest([replace(FIRST, chunks=0)], {}) is None


def test_the_record_holds_every_digest_and_both_counts() -> None:
    record = receipts_record([FIRST, SECOND], KNOWN)
    assert record["sha256"] == whole_digest([A, B, C])
    assert [one["sha256"] for one in record["chunks"]] == [A, B, C]
    assert record["chunks"][1] == {
        "session_id": "a", "chunk": 1, "seconds": 1.0, "sha256": B, "sent_sha256": [C],
    }  # fmt: skip
    assert (record["files_sent"], record["files_received"]) == (3, 4)
    uncounted = receipts_record([FIRST, replace(SECOND, received=None)], KNOWN)
    assert uncounted["files_received"] is None
    nothing = receipts_record([replace(FIRST, chunks=0, accepted=0)], {})
    assert (nothing["sha256"], nothing["chunks"], nothing["files_received"]) == (None, [], None)


def test_a_count_that_differs_is_told_in_words() -> None:
    assert count_sentence(FIRST) == ""
    assert count_sentence(replace(FIRST, received=1)) == (
        "The recording was sent in 2 parts, but the service says that it has 1."
    )
    assert count_sentence(replace(SECOND, received=3)) == (
        "The recording was sent in 1 part, but the service says that it has 3."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"received": None},
        {"received": 2},
        {"delivery": Delivery.ENDED},
        {"order": Order(upload_type=UploadType.STREAM)},
        {"order": Order(upload_type=UploadType.SINGLE)},
        {"typed": True},
    ],
)
def test_what_is_not_counted_in_files_or_not_at_its_end_is_not_compared(
    changes: dict[str, object],
) -> None:
    short = replace(FIRST, received=1)
    assert counted_otherwise(short)
    assert not counted_otherwise(replace(short, **changes))  # type: ignore[arg-type]
