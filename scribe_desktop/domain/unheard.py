"""When speech that was recorded counts as not heard: the service itself says so in its answer.

While a chunk is only refused, it waits, is kept and is sent again; nothing is
a gap then. It becomes one with the terminal answer, because the service takes
no audio after it: where the answer names a file as unreadable, or lists the
files it has and one of ours is not among them. The recording still has that
speech, so it is marked in other words than what no microphone heard.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from scribe_desktop.domain.audio import Gap, seconds
from scribe_desktop.domain.events import GapNoted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.pieces import bounds, place
from scribe_desktop.domain.results import FilesTold
from scribe_desktop.domain.session import Session

NOT_THERE: Final = "recorded, but not heard by the service, which does not have it"
NOT_READ: Final = "recorded, but not heard by the service, which could not read it"


def with_unheard(session: Session, told: FilesTold, frames: Mapping[int, int]) -> Session:
    """The session with what its terminal answer says of the files; `frames` of each chunk."""
    session = replace(session, received=_received(session, told))
    if session.order.upload_type is not UploadType.CHUNKED or session.typed:
        return session
    ours = range(session.files)
    unread = {file for file in told.unread if file in ours}
    for files, reason in ((_lacking(ours, told) - unread, NOT_THERE), (unread, NOT_READ)):
        for gap in _gaps(session, files, frames, reason):
            session = apply(session, GapNoted(gap))
    return session


def _received(session: Session, told: FilesTold) -> int | None:
    """The newest count. Storage behind a presigned form counts late, so End knew none there."""
    if told.received is not None:
        return told.received
    is_form = session.remote is not None and session.remote.upload_target.startswith("{")
    return None if is_form else session.received


def _lacking(ours: range, told: FilesTold) -> set[int]:
    """Files of ours that the service does not list, if its list can be trusted at all."""
    held = set(told.held)
    counts_as_listed = told.received in (None, len(held))
    if not held or not counts_as_listed or not held <= set(ours):
        # It lists nothing, or other names than those under which it was sent.
        return set()
    return set(ours) - held


def _gaps(
    session: Session, files: Collection[int], frames: Mapping[int, int], reason: str
) -> Iterator[Gap]:
    """A stretch for each run of files that lie side by side."""
    stretches: list[tuple[int, int]] = []
    for file in sorted(files):
        chunk, piece = place(file, session.pieces)
        if chunk not in frames:
            continue
        before = sum(length for index, length in frames.items() if index < chunk)
        begin, end = bounds(frames[chunk], session.pieces, piece)
        if stretches and stretches[-1][1] == before + begin:
            begin = stretches.pop()[0] - before
        stretches.append((before + begin, before + end))
    for begin, end in stretches:
        yield Gap(begin, seconds(end - begin), reason, recorded=True)
