"""The command line: every command of the program, in this process or in the one that is open.

One process owns the spool. Whichever command comes first becomes the owner
for as long as it runs; every other command is served by it through a private
local socket, so that no one ever reads “in use”. Nothing heavy is imported
before it is needed: `toggle` must answer in a tenth of a second.
"""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scribe_desktop import __version__
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.exits import Exit
from scribe_desktop.service_grammar import add_commands, complete
from scribe_desktop.services.last_words import catch_all, say

_TOKEN = "SCRIBE_DESKTOP_TOKEN"  # noqa: S105  a variable's name

WINDOW_COMMANDS = ("toggle", "start", "stop", "pause", "resume", "cancel")


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line; stable, other programs rely on it."""
    top = argparse.ArgumentParser(
        prog="scribe-desktop",
        description="Dictation for clinicians. With no command, the window opens.",
    )
    top.add_argument("--version", action="version", version=f"scribe-desktop {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    for name, about in (
        ("toggle", "start a dictation in the open window, or stop the running one"),
        ("start", "start a dictation in the open window"),
        ("stop", "stop the running dictation and deliver it"),
        ("pause", "pause the running dictation"),
        ("resume", "go on after a pause"),
        ("cancel", "set the running dictation aside (restore takes it back)"),
    ):
        commands.add_parser(name, help=about, description=about)

    opened = commands.add_parser("open", help="open the window, with a recording to import")
    opened.add_argument(
        "targets",
        nargs="*",
        metavar="AUDIO",
        help="audio files, or a scribe-desktop: link, which only brings the window to the front",
    )

    opened.add_argument(
        "--hidden", action="store_true", help="only in the tray, as when the computer starts"
    )

    show = commands.add_parser("show", help="bring the window to the front, or show one dictation")
    show.add_argument("session_id", nargs="?", metavar="ID")
    show.add_argument("--json", action="store_true")

    _add_dictate(commands.add_parser("dictate", help="dictate without a window"))

    sessions = commands.add_parser("sessions", help="list all dictations")
    sessions.add_argument("--json", action="store_true")
    deliver = commands.add_parser(
        "deliver", help="send and collect all that is pending, then leave"
    )
    deliver.add_argument(
        "--service", metavar="NAME_OR_URL", help=f"the service that the token in {_TOKEN} is for"
    )
    deliver.add_argument("--json", action="store_true")
    for name, about in (
        ("discard", "set a whole dictation aside for 7 days, then delete it"),
        ("restore", "take a discarded dictation back"),
        ("delete", "delete a dictation here for good, now, and tell its service"),
    ):
        one = commands.add_parser(name, help=about, description=about)
        one.add_argument("session_id", metavar="ID")
    export = commands.add_parser("export", help="print a dictation in a format")
    export.add_argument("session_id", metavar="ID")
    export.add_argument("--format", choices=("text", "markdown", "fhir", "json"), default="text")

    audit = commands.add_parser("audit", help="who did what, and whether a line was altered since")
    audit.add_argument("what", nargs="?", choices=("show", "verify"), default="show")
    audit.add_argument("--json", action="store_true")
    key = commands.add_parser("key", help="back up the key to the recordings, or bring it back")
    key.add_argument("what", choices=("export", "import"))
    key.add_argument("file", metavar="FILE")
    key.add_argument(
        "--passphrase-stdin", action="store_true", help="read the passphrase from the first line"
    )

    add_commands(commands)

    serve = commands.add_parser("serve", help="run the local service alone")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--token-stdin", action="store_true")
    serve.add_argument("--certificate", type=Path, metavar="PEM", help="to be reached over TLS")
    serve.add_argument("--certificate-key", type=Path, metavar="PEM")
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name by which other computers call this one",
    )
    serve.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page that may use the service",
    )

    for name, about in (
        ("devices", "list the microphones"),
        ("doctor", "what works here, what is missing and how to get it"),
    ):
        one = commands.add_parser(name, help=about, description=about)
        one.add_argument("--json", action="store_true")
    return top


def _add_dictate(dictate: argparse.ArgumentParser) -> None:
    source = dictate.add_mutually_exclusive_group()
    source.add_argument("--file", metavar="AUDIO", help="a recording instead of a microphone")
    source.add_argument("--mic", nargs="?", const="", metavar="NAME", help="a microphone by name")
    dictate.add_argument("--seconds", type=float, metavar="N", help="stop after N seconds")
    dictate.add_argument("--service", metavar="NAME_OR_URL")
    dictate.add_argument("--dialect", choices=("eka", "onprem", "spec"))
    dictate.add_argument("--model", choices=("lite", "pro"))
    dictate.add_argument("--mode", choices=("dictation", "consultation"))
    dictate.add_argument("--language", action="append", metavar="CODE")
    dictate.add_argument("--transcript-language", metavar="CODE")
    dictate.add_argument("--template", action="append", metavar="ID", help="at most two")
    dictate.add_argument(
        "--upload",
        choices=("chunked", "single", "stream"),
        help="send pieces as they are cut (usual), one file at the end, or the sound while spoken",
    )
    dictate.add_argument("--patient-json", metavar="FILE", help="patient details, - for stdin")
    dictate.add_argument("--json", action="store_true")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command in a process of its own, and return its exit code."""
    catch_all()
    return run_command(argv)


def run_command(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Read once and removed at once, so that no child of ours inherits it.
    token = os.environ.pop(_TOKEN, "")
    arguments = parser().parse_args(argv)
    try:
        return _run(arguments, token)
    except ScribeError as error:
        return _say_error(arguments, error)
    except KeyboardInterrupt:
        return Exit.FAILED


def _run(arguments: argparse.Namespace, token: str) -> int:
    if arguments.command == "serve":
        from scribe_desktop.serving import serve

        return serve(arguments)
    if arguments.command in {None, "open"}:
        from scribe_desktop.services.frugality import keep_small

        keep_small()
        from scribe_desktop.window import open_window

        recordings = _recordings(getattr(arguments, "targets", ()))
        return open_window(token, recordings, hidden=getattr(arguments, "hidden", False))

    from scribe_desktop.terminal import Terminal

    terminal = Terminal(as_json=bool(getattr(arguments, "json", False)))
    request = _request(arguments, token)
    if arguments.command in WINDOW_COMMANDS or _shows_window(arguments):
        return terminal.ask_running(request)
    return terminal.run(request)


def _recordings(targets: Sequence[str]) -> tuple[str, ...]:
    """The files among what a desktop asks us to open.

    Any web page can follow a link, so a link never starts a microphone.
    """
    files = (target for target in targets if not target.lower().startswith("scribe-desktop:"))
    return tuple(os.path.abspath(file) for file in files)  # noqa: PTH100  as in _request


def _shows_window(arguments: argparse.Namespace) -> bool:
    return arguments.command == "show" and arguments.session_id is None


def _request(arguments: argparse.Namespace, token: str) -> dict[str, Any]:
    """The command as the JSON that crosses the local socket."""
    request = {key: value for key, value in vars(arguments).items() if value is not None}
    if request["command"] == "show" and not _shows_window(arguments):
        request["command"] = "report"
    if request["command"] in {"dictate", "write"}:
        # Named here, so that asking again after a holder left never records twice.
        request["session_id"] = f"ses_{secrets.token_hex(12)}"
    complete(request, _text_of)
    for name in ("file", "output"):
        if request.get(name):
            # Another process may carry it out, in another folder.
            request[name] = os.path.abspath(request[name])  # noqa: PTH100  resolve() follows links
    if request["command"] == "key":
        _add_key(request)
    if request.get("patient_json"):
        request["patient"] = _read_patient(request.pop("patient_json"))
    if token:
        request["token"] = token
    return request


def _add_key(request: dict[str, Any]) -> None:
    """Ask for the passphrase here, where the person is; a file to import is the caller's too."""
    request["command"] = f"key {request.pop('what')}"
    if request["command"] == "key import":
        try:
            request["text"] = _file_text(request["file"])
        except (OSError, ValueError) as error:
            raise _UsageError("The file with the key could not be read.") from error
    request["passphrase"] = _passphrase(request)


def _passphrase(request: dict[str, Any]) -> str:
    if request.pop("passphrase_stdin"):
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    first = getpass("Passphrase: ")
    if request["command"] == "key export" and getpass("Again: ") != first:
        raise _UsageError("The two passphrases differ; nothing was written.")
    return first


def _text_of(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else _file_text(source)
    except (OSError, ValueError) as error:
        raise _UsageError("That file could not be read as text.") from error


def _read_patient(source: str) -> dict[str, Any]:
    """Read here and not in the serving process: only we have the caller's stdin and folder."""
    try:
        text = sys.stdin.read() if source == "-" else _file_text(source)
        patient = json.loads(text)
    except (OSError, ValueError) as error:
        raise _UsageError(
            "The patient details could not be read as JSON; nothing was recorded.",
            'Give a file such as {"oid": "…", "name": "…", "age": "…"}.',
        ) from error
    if not isinstance(patient, dict):
        raise _UsageError("The patient details must be one JSON object; nothing was recorded.")
    return patient


def _file_text(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  pathlib costs `toggle` 10 ms
        return file.read()


class _UsageError(ScribeError):
    """The command was given something it cannot take: exit code 2."""


def _say_error(arguments: argparse.Namespace, error: ScribeError) -> int:
    if isinstance(error, _UsageError):
        say(str(error))
        return Exit.USAGE
    if getattr(arguments, "json", False) and arguments.command == "dictate":
        from scribe_desktop.terminal import failure_record

        sys.stdout.write(json.dumps(failure_record(error), ensure_ascii=False) + "\n")
    say(str(error))
    return Exit.FAILED


if __name__ == "__main__":
    sys.exit(main())
