"""Starts the local service alone: as the program's child, or for other programs.

Apart from the rest of the program, because a service that is started again in
the middle of a dictation must not wait for parts that it does not need.
"""

import os
import sys
from argparse import Namespace
from dataclasses import replace

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.server.host import MakeParts, ServeOptions, run
from scribe_desktop.server.local_parts import local_parts
from scribe_desktop.services.last_words import catch_all
from scribe_desktop.services.logs import log_to_parent, start_logging
from scribe_desktop.services.places import Places, find_places

LOG_FILE = "serve.log"
"""Of a service that was started alone; a child's lines go to its parent."""

SPEECH_SERVER = "SCRIBE_DESKTOP_SPEECH_SERVER"


def serve(asked: Namespace) -> int:
    """Run the local service, on the main thread, until it is told to end."""
    options = ServeOptions(
        host=asked.host,
        port=asked.port,
        token_stdin=asked.token_stdin,
        certificate=asked.certificate,
        certificate_key=asked.certificate_key,
        names=tuple(asked.name),
        origins=tuple(asked.origin),
    )
    if asked.token_stdin:
        speak_to_parent()
    else:
        # Nobody sends a key and a folder: it keeps a store of its own, beside that of the child.
        places = find_places()
        start_logging(places.logs, file=LOG_FILE)
        options = replace(
            options, folder=places.data / "serve", store_key=lambda: _key_for_serving(places)
        )
    try:
        return run(options, _make_parts())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def speak_to_parent() -> None:
    """Nobody reads a child's stderr but its parent, and that one keeps lines."""
    catch_all(speaks=False)
    log_to_parent()


def _make_parts() -> MakeParts:
    """This computer's engine, or the clinic's speech server where IT named one."""
    if not os.environ.get(SPEECH_SERVER):
        return local_parts
    # Not before: it brings the network's library with it.
    from scribe_desktop.clinic_speech import parts_of, speech_server

    server = speech_server()
    return parts_of(server) if server else local_parts


def _key_for_serving(places: Places) -> bytes:
    """The key of a service that was started alone; asks the keyring, perhaps for long."""
    from scribe_desktop.services.credentials import Credentials
    from scribe_desktop.services.local_service import service_key
    from scribe_desktop.services.spool_opening import has_a_key

    credentials = Credentials(places.keyring_name, places.config)
    kept = credentials.spool_key(spool_exists=has_a_key(places.spool))
    return service_key(kept.key)
