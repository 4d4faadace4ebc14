"""The real local service on a real socket, with an engine that hears what it is told."""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from scribe_desktop.server.api import application, build
from scribe_desktop.server.store import Store
from tests.conformance.checked_service import Checked
from tests.server.conftest import TOKEN, Clock, parts
from tests.server.scripted import ScriptedSpeech

KEY = bytes(32)

__all__ = ["TOKEN", "RealService"]


class RealService:
    """Can be stopped, started again, and made to forget; keeps its port's number to itself."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        make_speech: Callable[[], Any] = ScriptedSpeech,
        longest_session_s: int = 3600,
    ) -> None:
        self._folder = folder
        self._longest_session_s = longest_session_s
        self._make_speech = make_speech
        self._clock = clock
        self._generation = 0
        # A client that has lost patience looks at the store while it is being closed.
        self._running = threading.RLock()
        self._start()

    def _start(self) -> None:
        self._store = Store.open(self._folder / str(self._generation), KEY)
        self._speech = self._make_speech()
        made = parts(self._store, self._speech, self._clock)
        models = tuple(
            replace(model, max_session_duration_s=self._longest_session_s) for model in made.models
        )
        self._service = build(replace(made, models=models))
        self._service.start()
        self._checked = Checked(application(self._service))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._checked,
                port=0,
                lifespan="off",
                log_config=None,
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)

    async def _serve(self) -> None:
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup()
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self._started.set()
        await self._server.main_loop()
        await self._server.shutdown()

    def restart(self, *, forgetting: bool = False) -> None:
        with self._running:
            self.close()
            self._generation += forgetting
            self._start()

    def close(self) -> None:
        self._server.should_exit = True
        if isinstance(self._speech, ScriptedSpeech):
            self._speech.gate.set()
        self._thread.join(5)
        assert self._service.stop(5.0)
        self._store.close()
        assert self._checked.wrong == [], "said otherwise than the service is described"

    def digests(self, session_id: str) -> list[str]:
        """SHA-256 of each file of a session in the service's own store, in order."""
        with self._running:
            sessions = self._service.sessions
            numbers = [file.number for file in sessions.files(session_id)]
            bodies = [sessions.body(session_id, number) for number in numbers]
        return [hashlib.sha256(body).hexdigest() for body in bodies]

    @property
    def seen(self) -> list[str]:
        """Every request since the last start, with what was answered."""
        return self._checked.seen

    def status(self, session_id: str) -> str:
        with self._running:
            return self._service.sessions.find(session_id).status
