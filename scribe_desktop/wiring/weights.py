"""The speech model in the window: says when it is missing, and fetches it when asked."""

from collections.abc import Callable

from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.bundled import user_models_folder
from scribe_desktop.server.models import fetch, find

MODEL = "base"


class ModelFiles:
    """The files of the default model."""

    def missing(self) -> str:
        """A sentence when the model is not here or is damaged; empty when it is fine."""
        try:
            find(MODEL)
        except EngineError as error:
            return str(error)
        return ""

    def fetch(self, progress: Callable[[int, int], None]) -> None:
        """Download it, going on where an earlier try ended; raises EngineError."""
        fetch(MODEL, user_models_folder(), progress)
