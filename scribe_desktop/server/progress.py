"""Remembers how far the speech engine had come, so that a crash costs seconds and not minutes.

What was settled is stored with the digests of the files it came from. It
counts only while those files are the same; else everything is heard anew,
which is slower and never wrong.
"""

import json
from collections.abc import Mapping
from typing import Any

from scribe_desktop.server.store import Store

State = dict[str, Any]


class Progress:
    """The engine's own notes on the sessions under way."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, session_id: str, heard: Mapping[int, str], state: State) -> None:
        """Put down what is settled after hearing these files."""
        with self._store.writing() as rows:
            rows.execute(
                "INSERT OR REPLACE INTO progress VALUES (?, ?, ?)",
                (session_id, json.dumps(list(heard.items())), json.dumps(state)),
            )

    def load(self, session_id: str, files: Mapping[int, str]) -> State | None:
        """What was settled, if the session still begins with the files it came from."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT heard, state FROM progress WHERE session_id = ?", (session_id,)
            ).fetchone()
        if found is None:
            return None
        heard = dict(json.loads(found[0]))
        first = {number: files[number] for number in sorted(files)[: len(heard)]}
        state: State = json.loads(found[1])
        return state if first == heard else None

    def drop(self, session_id: str) -> None:
        """Forget it: the session is resolved, or begins anew."""
        with self._store.writing() as rows:
            rows.execute("DELETE FROM progress WHERE session_id = ?", (session_id,))
