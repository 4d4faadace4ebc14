"""Gives a client an address that needs no token, good for one thing and a limited time.

Some clients upload to storage and read results from storage, as their cloud
does it, without their credentials. The signature says what the address is
good for and until when; only this service can make one.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from scribe_desktop.server.calls import Incoming
from scribe_desktop.server.limits import PRESIGNED_FORM_S
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.uploads import sign, signed

BUCKET = "audio"
_MAX_DIGITS = 15


def presigned_form(secret: bytes, session_id: str, asked: Incoming, now: float) -> dict[str, Any]:
    """The form with which a browser-style client posts its chunks."""
    expires = int(now) + PRESIGNED_FORM_S
    folder = f"{session_id}/"
    return {
        "uploadData": {
            "url": f"{asked.base_url}/blob-upload/{BUCKET}",
            "fields": {
                "key": folder + "${filename}",
                "x-expires": str(expires),
                "x-signature": sign(secret, "form", session_id, expires),
            },
        },
        "folderPath": folder,
        "txn_id": session_id,
    }


def check_form(secret: bytes, session_id: str, sent: Mapping[str, str], now: float) -> None:
    """Raise Refusal unless this service gave the form out for this session."""
    _check(secret, sent.get("x-signature", ""), sent.get("x-expires", ""), now, "form", session_id)


def presigned_link(secret: bytes, url: str, now: float, lifetime_s: int, *said: object) -> str:
    """An address for one thing, `said`; what may be done with it is part of `said`."""
    expires = int(now) + lifetime_s
    query = urlencode({"expires": expires, "signature": sign(secret, *said, expires)})
    return f"{url}?{query}"


def check_link(secret: bytes, query: Mapping[str, str], now: float, *said: object) -> None:
    """Raise Refusal unless the address was given out for this and is still good."""
    _check(secret, query.get("signature", ""), query.get("expires", ""), now, *said)


def _check(secret: bytes, signature: str, expires: str, now: float, *said: object) -> None:
    known = expires.isascii() and expires.isdecimal() and len(expires) <= _MAX_DIGITS
    if not known or not signed(secret, signature, *said, int(expires)):
        raise Refusal(403, "forbidden", "This address was not given out by the service.")
    if now >= int(expires):
        raise Refusal(403, "forbidden", "This address is no longer good. Ask for a new one.")
