"""The grammar of the commands about a service, beside the rest of the command line."""

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import Any

WAYS = ("token", "client", "password", "device", "browser")
"""How one can sign in."""

_ASKED = {
    "token": "Access token or key: ",
    "client": "Client secret: ",
    "password": "Password: ",
}


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add them to the program's own."""
    sign_in = commands.add_parser("sign-in", help="sign in to a service")
    sign_in.add_argument("way", choices=WAYS, help="with what; secrets are asked for, or on stdin")
    sign_in.add_argument("--name", default="", help="user name, or client id")
    sign_out = commands.add_parser("sign-out", help="forget an account on this computer")
    templates = commands.add_parser("templates", help="list the templates of a service")
    save = commands.add_parser("template-save", help="describe a template, or describe it anew")
    save.add_argument("title", metavar="TITLE")
    save.add_argument("file", metavar="FILE", help="headings and instructions, - for stdin")
    save.add_argument("--id", default="", help="the template to change")
    delete = commands.add_parser("template-delete", help="remove a template")
    delete.add_argument("id", metavar="ID")
    history = commands.add_parser("history", help="list the sessions that a service remembers")
    history.add_argument("--patient-oid", default="")
    forget = commands.add_parser("history-delete", help="take a session out of a service's list")
    read = commands.add_parser("document-read", help="print a note that a service keeps")
    remove = commands.add_parser("document-delete", help="remove a note from a service")
    for one in (forget, read, remove):
        one.add_argument("id", metavar="ID")
    for one in (sign_in, sign_out, templates, save, delete, history, forget, read, remove):
        one.add_argument("--service", metavar="NAME_OR_URL")
        one.add_argument("--dialect", choices=("eka", "onprem", "spec"))
        one.add_argument("--json", action="store_true")
    _add_about_dictations(commands)


def _add_about_dictations(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    write = commands.add_parser("write", help="have notes written from a text, without speech")
    write.add_argument("file", metavar="FILE", help="plain text, - for stdin")
    write.add_argument("--service", metavar="NAME_OR_URL")
    write.add_argument("--dialect", choices=("eka", "onprem", "spec"))
    write.add_argument("--template", action="append", metavar="ID", help="at most two")
    write.add_argument("--language", action="append", metavar="CODE")
    write.add_argument("--patient-json", metavar="FILE", help="patient details, - for stdin")
    write.add_argument("--json", action="store_true")
    fill = commands.add_parser("fill", help="run another template over a dictation that is done")
    push = commands.add_parser("push", help="save a dictation's notes, edits included, remotely")
    audio = commands.add_parser("fetch-audio", help="save the recording that the service has")
    amend = commands.add_parser("amend", help="change patient, templates or languages")
    documents = commands.add_parser("documents", help="list the notes that the service keeps")
    keep = commands.add_parser("document-save", help="save a text as a note on the service")
    for one in (fill, push, audio, amend, documents, keep):
        one.add_argument("session_id", metavar="ID")
        one.add_argument("--json", action="store_true")
    fill.add_argument("template_id", metavar="TEMPLATE")
    audio.add_argument("output", metavar="FILE")
    keep.add_argument("file", metavar="FILE", help="Markdown, - for stdin")
    keep.add_argument("--id", default="", help="the note whose place it takes")
    keep.add_argument("--template", dest="template_id", default="", metavar="ID")
    keep.add_argument("--name", default="", help="what it is called")
    amend.add_argument("--patient-json", metavar="FILE", help="patient details, - for stdin")
    amend.add_argument("--template", action="append", metavar="ID", help="at most two")
    amend.add_argument("--language", action="append", metavar="CODE")


def secret_for(way: str) -> str:
    """Ask for the secret of a way to sign in, without showing it; "" if it needs none."""
    if way not in _ASKED:
        return ""
    if sys.stdin.isatty():
        return getpass.getpass(_ASKED[way])
    return sys.stdin.readline().strip()


def complete(request: dict[str, Any], text_of: Callable[[str], str]) -> None:
    """Add what only the caller's own process can read: its terminal, its files."""
    if request["command"] == "sign-in":
        request["secret"] = secret_for(request["way"])
    if request["command"] in {"template-save", "document-save", "write"}:
        request["text"] = text_of(request.pop("file"))
