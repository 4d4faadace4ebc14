"""Replies that no service made: refusals, nonsense, and pages of somebody's network."""

import http.client
import json
from email.utils import formatdate


def head(status: int, headers: dict[str, str], length: int) -> bytes:
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {length}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def written(status: int, headers: dict[str, str], body: bytes) -> bytes:
    return head(status, headers, len(body)) + body


ODD = {
    "html": ("text/html", b"<html><title>Please sign in to the clinic's network</title>"),
    "empty": ("application/json", b""),
    "null": ("application/json", b"null"),
    "list": ("application/json", b"[]"),
    "number": ("application/json", b"7"),
    "wrong types": (
        "application/json",
        b'{"session_id": {}, "status": [], "upload_url": 7, "templates": 3, "transcript": {}}',
    ),
    "other types": (
        "application/json",
        b'{"session_id": [7], "status": true, "upload_url": [null], "transcript": [1]}',
    ),
    "nulls": (
        "application/json",
        b'{"session_id": null, "status": null, "upload_url": null, "templates": null}',
    ),
    "deep": ("application/json", b'{"status":' * 100_000 + b"1" + b"}" * 100_000),
    "deep list": ("application/json", b"[" * 100_000 + b"]" * 100_000),
    "text": ("text/plain", b"Internal Server Error"),
    "bytes": ("audio/webm", bytes(range(256))),
}


def canned(what: str, elsewhere: str) -> bytes:
    """What `answer …` says: `503`, `429 after 7`, `400 session_ended`, `200 html`, `307 elsewhere`.

    `elsewhere` is where redirects lead.
    """
    status, _, rest = what.partition(" ")
    if rest == "elsewhere":
        return written(int(status), {"Location": elsewhere}, b"")
    if rest in ODD:
        media_type, body = ODD[rest]
        return written(int(status), {"Content-Type": media_type}, body)
    if rest.startswith("after "):
        return written(int(status), {"Retry-After": rest.removeprefix("after ")}, b"")
    if rest.startswith("until "):
        # By the service's own clock, which is years away from the workstation's.
        headers = {
            "Date": formatdate(0, usegmt=True),
            "Retry-After": formatdate(int(rest.removeprefix("until ")), usegmt=True),
        }
        return written(int(status), headers, b"")
    if rest.startswith("detail "):
        body = json.dumps({"detail": rest.removeprefix("detail ")}).encode()
        return written(int(status), {"Content-Type": "application/json"}, body)
    body = json.dumps({"error": {"code": rest, "message": "No."}}).encode() if rest else b""
    return written(int(status), {"Content-Type": "application/json"}, body)
