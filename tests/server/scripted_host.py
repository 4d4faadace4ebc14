"""The local service as a process of its own, with the scripted engine: for tests to kill."""

import sys
from pathlib import Path

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
    pair = [Path(name) for name in sys.argv[1:] if name.endswith(".pem")]
    options = ServeOptions(
        token_stdin="--token-stdin" in sys.argv,
        certificate=pair[0] if pair else None,
        certificate_key=pair[1] if pair else None,
    )
    sys.exit(run(options, make_parts))
