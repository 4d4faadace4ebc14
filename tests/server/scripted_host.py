"""The local service as a process of its own, with the scripted engine: for tests to kill."""

import sys

from scribe_desktop.server.api import Parts
from scribe_desktop.server.host import ServeOptions, now, run
from scribe_desktop.server.store import Store
from tests.server.scripted import MODELS, TEMPLATES, ScriptedNotes, ScriptedSpeech


def make_parts(store: Store, token: str, _: ServeOptions) -> Parts:
    return Parts(
        store=store,
        speech=ScriptedSpeech(),
        notes=ScriptedNotes,
        built_in_templates=TEMPLATES,
        models=MODELS,
        token=token,
        now=now,
    )


if __name__ == "__main__":
    sys.exit(run(ServeOptions(token_stdin="--token-stdin" in sys.argv), make_parts))
