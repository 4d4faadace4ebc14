"""Starts the local service alone: as the program's child, or for other programs.

Apart from the rest of the program, because a service that is started again in
the middle of a dictation must not wait for parts that it does not need.
"""

from argparse import Namespace
from dataclasses import replace

from scribe_desktop.server.host import ServeOptions, run
from scribe_desktop.server.local_parts import local_parts
from scribe_desktop.services.places import Places, find_places


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
    if not asked.token_stdin:
        # Nobody sends a key and a folder: it keeps a store of its own, beside that of the child.
        places = find_places()
        options = replace(
            options, folder=places.data / "serve", store_key=lambda: _key_for_serving(places)
        )
    return run(options, local_parts)


def _key_for_serving(places: Places) -> bytes:
    """The key of a service that was started alone; asks the keyring, perhaps for long."""
    from scribe_desktop.services.credentials import Credentials
    from scribe_desktop.services.local_service import service_key
    from scribe_desktop.services.spool_schema import SPOOL_FILE

    credentials = Credentials(places.keyring_name, places.config)
    kept = credentials.spool_key(spool_exists=(places.spool / SPOOL_FILE).exists())
    return service_key(kept.key)
