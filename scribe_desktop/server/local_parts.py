"""Puts this computer's speech engine and note writer behind the local service.

Two models are offered: `pro` is base, the default; `lite` is tiny.en, for old
computers. Weights are loaded when a session first needs them and stay.
"""

import ctypes
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.api import Parts
from scribe_desktop.server.audio import Pcm, decode
from scribe_desktop.server.custom_templates import TemplateShelf
from scribe_desktop.server.engine import Engine, load
from scribe_desktop.server.host import ServeOptions, now
from scribe_desktop.server.notes import FilledNote, fill
from scribe_desktop.server.progress import State
from scribe_desktop.server.service import Model
from scribe_desktop.server.store import Store
from scribe_desktop.server.templates import BUILT_IN, Template, described
from scribe_desktop.server.transcriber import SessionTranscriber
from scribe_desktop.server.transcription import Heard
from scribe_desktop.server.vocabulary import hotwords
from scribe_desktop.server.weights import weights_named

LONGEST_SESSION_S = 3600

WEIGHTS: Mapping[str, str] = {"pro": "base", "lite": "tiny.en"}
"""Which weights stand behind each model that the service offers."""

MODELS = (
    Model("pro", "Pro", weights_named("base").languages, LONGEST_SESSION_S, "standard"),
    Model("lite", "Lite", weights_named("tiny.en").languages, LONGEST_SESSION_S, "fast"),
)

LoadEngine = Callable[[str, Sequence[Path]], Engine]


class LocalSpeech:
    """The engines of this computer, each loaded once. Any thread may call."""

    def __init__(self, model_folders: Sequence[Path] = (), load_engine: LoadEngine = load) -> None:
        self._folders = tuple(model_folders)
        self._load = load_engine
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}

    def prepare(self, model: str) -> None:
        """Load the model now, so that the first chunk need not wait for it."""
        self._engine(model)

    def transcriber(
        self,
        model: str,
        languages: Sequence[str],
        vocabulary: Sequence[str],
        state: State | None = None,
    ) -> SessionTranscriber:
        """Begin to listen to a session. Raises EngineError when the model is missing."""
        words = hotwords(vocabulary)
        return SessionTranscriber(self._engine(model), languages, words, state)

    def release(self) -> None:
        """Let the models go; they are loaded again when somebody speaks."""
        with self._lock:
            self._engines.clear()
        _return_freed_memory()

    def decode(self, body: bytes) -> Pcm:
        """Samples of an audio file at 16 kHz mono. Raises AudioFileError."""
        return decode(body)

    def _engine(self, model: str) -> Engine:
        name = WEIGHTS.get(model or "pro")
        if name is None:
            raise EngineError("This computer does not have that model.", "Choose pro or lite.")
        with self._lock:
            if name not in self._engines:
                self._engines[name] = self._load(name, self._folders)
            return self._engines[name]


def _return_freed_memory() -> None:
    """Hand what was freed back to the system, which glibc does not do by itself.

    Measured after one dictation with base: 286 MB in use, 191 MB after the
    model was let go, 129 MB after this.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # Other C libraries have no such call, nor the need.
            trim(0)


@dataclass(frozen=True, slots=True)
class LocalNotes:
    """Fills the built-in templates and the clinic's own."""

    shelf: TemplateShelf

    def fill(self, template_id: str, heard: Heard) -> FilledNote:
        """Fill one template. Raises EngineError when there is nothing to write."""
        note = fill(self._template(template_id), heard.text)
        if note.status == "failure":
            raise EngineError(" ".join(note.errors))
        return note

    def _template(self, template_id: str) -> Template:
        if template_id in BUILT_IN:
            return BUILT_IN[template_id]
        custom = self.shelf.custom(template_id)
        if custom is None:
            raise EngineError("This template was removed meanwhile.", "Choose another one.")
        return described(custom.id, custom.title, custom.desc)


def local_parts(store: Store, token: str, options: ServeOptions) -> Parts:
    """What `host.run` builds the service of this computer from."""
    return Parts(
        store=store,
        speech=LocalSpeech(options.model_folders),
        notes=LocalNotes,
        built_in_templates=BUILT_IN,
        models=MODELS,
        token=token,
        now=now,
    )
