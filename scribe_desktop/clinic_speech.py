"""Lets a clinic's own speech server write down what is said, where its IT department wants that.

Set for the whole computer by environment variables, because it changes where
patients' voices go: that is not for one clinician to switch. The local
service stays between: it keeps the audio, finds the speech and writes the
notes; only the recognition of single stretches of speech moves.
"""

import os
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from scribe_desktop.domain.errors import ServiceError, SettingsError
from scribe_desktop.protocol import errors, origins
from scribe_desktop.protocol.reading import Unreadable, read_object
from scribe_desktop.server.api import Parts
from scribe_desktop.server.engine import SpeechDetector
from scribe_desktop.server.host import ServeOptions
from scribe_desktop.server.local_parts import LONGEST_SESSION_S, LocalSpeech, local_parts
from scribe_desktop.server.remote_engine import Post, RemoteEngine
from scribe_desktop.server.service import Model
from scribe_desktop.server.store import Store
from scribe_desktop.server.weights import MANY_LANGUAGES
from scribe_desktop.services.wire import Outgoing, Wire

SERVER = "SCRIBE_DESKTOP_SPEECH_SERVER"
"""Also asked for in `serving`, which loads this module only where it is set."""

MODEL = "SCRIBE_DESKTOP_SPEECH_MODEL"
KEY = "SCRIBE_DESKTOP_SPEECH_KEY"

USUAL_MODEL = "whisper-1"
"""What servers of this kind call their default."""

WITHIN_S = 120.0


@dataclass(frozen=True)
class SpeechServer:
    """Where it is and what is asked of it; `key` may be empty."""

    address: str
    model: str
    key: str

    def __repr__(self) -> str:
        """Without its secret."""
        return f"SpeechServer({self.address!r})"


def speech_server(
    environ: MutableMapping[str, str] = os.environ,
) -> SpeechServer | None:
    """The server that this computer is to use; None for its own engine.

    The key is taken out of the environment, so that no child inherits it.
    Raises SettingsError for an address that no speech may be sent to.
    """
    key = environ.pop(KEY, "")
    address = environ.get(SERVER, "").rstrip("/")
    if not address:
        return None
    try:
        origins.check(address)
    except origins.ForbiddenAddress as error:
        raise SettingsError(
            "The address of the clinic's speech server is not safe, so nothing is sent there.",
            f"Set {SERVER} to an address that begins with https://.",
        ) from error
    return SpeechServer(address, environ.get(MODEL) or USUAL_MODEL, key)


def parts_of(server: SpeechServer) -> Callable[[Store, str, ServeOptions], Parts]:
    """What the local service is built from when `server` recognises the speech."""
    models = (
        Model("pro", server.model, MANY_LANGUAGES, LONGEST_SESSION_S, "standard"),
        Model("lite", server.model, MANY_LANGUAGES, LONGEST_SESSION_S, "standard"),
    )

    def make(store: Store, token: str, options: ServeOptions) -> Parts:
        post = posting(server, Wire())
        speech = LocalSpeech(
            load_engine=lambda *_: RemoteEngine(
                server.model, post, SpeechDetector().find_speech, wait=time.sleep
            )
        )
        return replace(local_parts(store, token, options), speech=speech, models=models)

    return make


def posting(server: SpeechServer, wire: Wire) -> Post:
    """Send one stretch of speech; what is raised says whether to try again."""
    url = origins.join(server.address, "audio", "transcriptions")
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}

    def post(fields: Mapping[str, str], wav: bytes) -> Mapping[str, Any]:
        reply = wire.send(
            Outgoing(
                "POST",
                url,
                headers,
                form=fields,
                file=("speech.wav", wav, "audio/wav"),
                within_s=WITHIN_S,
            )
        )
        if not reply.is_success:
            raise errors.refusal(reply.status, reply.body, in_session=False)
        try:
            return read_object(reply.body)
        except Unreadable as error:
            failure: ServiceError = errors.unreadable(reply.status)
            raise failure from error

    return post
