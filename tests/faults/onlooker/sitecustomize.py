"""Loaded by every Python process of a watched program, before anything else of it.

Writes down how the process was called, and every program that it starts with
all that it gives to it; keeps a copy of each file before it is deleted or
replaced. So what is there for a moment only is found too, and a child however
short its life. The folder that the environment names takes it all.
"""

import contextlib
import itertools
import json
import os
import sys

FOLDER = os.environ.get("SCRIBE_TESTS_ONLOOKER", "")
_STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}
_PARTS_OF_ENVIRONMENT = {"subprocess.Popen": 3, "os.exec": 2, "os.posix_spawn": 2, "os.spawn": 3}
_numbers = itertools.count()


def note(what: str, **words: object) -> None:
    line = json.dumps({"what": what, "pid": os.getpid(), "parent": os.getppid(), **words})
    handle = os.open(f"{FOLDER}/seen", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, line.encode() + b"\n")
    os.close(handle)


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in _STARTS:
        part = _PARTS_OF_ENVIRONMENT.get(event)
        given = arguments[part] if part is not None else None
        environment = dict(os.environ) if given is None else given
        note("starts", arguments=repr(arguments), environment=repr(environment))
    elif event in {"os.remove", "os.rename"}:
        for path in arguments[: 1 if event == "os.remove" else 2]:
            keep(os.fsdecode(path))  # type: ignore[arg-type]


def keep(path: str) -> None:
    """A copy of what the file holds now, and its name."""
    with contextlib.suppress(OSError):
        reading = os.open(path, os.O_RDONLY)
        content = os.read(reading, 1 << 24)
        os.close(reading)
        kept = f"{FOLDER}/kept-{os.getpid()}-{next(_numbers)}"
        writing = os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(writing, os.path.basename(path).encode() + b"\n" + content)  # noqa: PTH119  so early
        os.close(writing)


if FOLDER:
    note("is", arguments=repr(sys.orig_argv), environment=repr(dict(os.environ)))
    sys.addaudithook(watch)
