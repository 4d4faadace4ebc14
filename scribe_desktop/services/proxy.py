"""Leads what leaves this network through the proxy that the hospital names.

Without one the system's own is used. Every library here (HTTP, WebSockets,
downloads) asks the environment first, so that is where it is written: one
place for all of them and for the programs we start. What is said to this
computer never passes through it; each connection sees to that itself.
"""

import os
from collections.abc import MutableMapping

_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def use_proxy(address: str, environ: MutableMapping[str, str] = os.environ) -> None:
    """Use this proxy from now on; empty leaves the system's in force."""
    if address:
        environ.update(dict.fromkeys(_VARIABLES, address.rstrip("/")))
