"""Asks for the key and a token as the program does, in a process of its own, and prints what came.

Run as a script: folder of the key file, and whether a spool exists. The
keyring library leaves a connection open when the keyring refuses, which a
process that ends does not mind.
"""

import hashlib
import json
import sys
from pathlib import Path

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.secret import Secret

ORIGIN, ACCOUNT = "https://api.example", "dr-a"


def main(folder: Path, *, spool_exists: bool) -> dict[str, str | int | None]:
    mine = Credentials("scribe-desktop", folder, limit_s=5.0)
    try:
        key = mine.spool_key(spool_exists=spool_exists)
    except CredentialError as error:
        return {"error": type(error).__name__, "message": error.message}
    token = mine.token(ORIGIN, ACCOUNT)
    if token is None:
        mine.store_token(Secret("canary" * 500), ORIGIN, ACCOUNT)
    else:
        mine.forget_token(ORIGIN, ACCOUNT)
    return {
        "key": hashlib.sha256(key.key).hexdigest(),
        "notice": key.notice,
        "token": len(token.reveal()) if token else None,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), spool_exists=sys.argv[2] == "exists")))  # noqa: T201
