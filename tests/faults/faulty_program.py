"""The real program and its local service, each with a fault of our own in every thread.

Run as a script: `host` is the service as a child; anything else is a command
line whose command fails so.
"""

import asyncio
import sys
import threading
import warnings

from scribe_desktop import cli
from scribe_desktop.server import host
from scribe_desktop.serving import speak_to_parent
from tests.faults import counting_host

WORDS = "Kanaria Vogelsang"


def in_main(*_: object) -> None:
    raise KeyError(WORDS)


def in_a_thread(*_: object) -> None:
    thread = threading.Thread(target=in_main)
    thread.start()
    thread.join()


class Dropped:
    def __del__(self) -> None:
        raise ValueError(WORDS)


def in_del(*_: object) -> None:
    Dropped()


def in_a_warning(*_: object) -> None:
    warnings.warn(WORDS, RuntimeWarning, stacklevel=1)


async def in_a_task() -> None:
    raise LookupError(WORDS)


FAULTS = {"main": in_main, "thread": in_a_thread, "del": in_del, "warning": in_a_warning}


class Server(host._Server):
    """The web server of the service, with a task that fails and that nobody waits for."""

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        await asyncio.wait([asyncio.get_running_loop().create_task(in_a_task())])


def serve() -> int:
    speak_to_parent()
    for fault in (in_a_thread, in_del, in_a_warning):
        fault()
    host._Server = Server  # type: ignore[misc]
    code = host.run(host.ServeOptions(token_stdin=True), counting_host.make_parts)
    sys.stderr.write(f"{WORDS}\n")
    sys.stderr.flush()
    in_main()
    return code


def command(fault: str) -> int:
    """A command that opens the recordings, and meets the fault on the way."""
    from scribe_desktop import commands
    from scribe_desktop.call import Answer, Call

    known = commands._COMMANDS["sessions"]

    def sessions(call: Call) -> Answer:
        FAULTS[fault]()
        return known(call)

    commands._COMMANDS["sessions"] = sessions
    return cli.main(["sessions"])


if __name__ == "__main__":
    sys.exit(serve() if sys.argv[1] == "host" else command(sys.argv[1]))
