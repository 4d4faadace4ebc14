"""Says what a client should know of a result that is not whole."""

from collections.abc import Collection, Mapping, Sequence

from scribe_desktop.server.sessions import Session, StoredFile

Problem = Mapping[str, str]


def problems_of(
    session: Session,
    files: Sequence[StoredFile],
    *,
    heard: Collection[int],
    skipped: Collection[int],
) -> list[Problem]:
    """Files that were sent and never came, and files that could not be read.

    A stream is not counted: what it sent were not files.
    """
    problems: list[Problem] = []
    received = len(heard) + len(skipped)
    sent = session.audio_files_sent
    if session.upload_type != "stream" and sent is not None and sent > received:
        message = f"{sent} files were sent and {received} were received."
        problems.append({"type": "missing_audio", "message": message})
    problems += [
        {"type": "unreadable_audio", "message": "The file could not be read.", "file": item.name}
        for item in files
        if item.number in skipped
    ]
    return problems
