"""Which addresses of a service are accepted: encrypted ones, or this computer."""

from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def refusal_of_address(address: str) -> str:
    """Why an address is refused, as a sentence; empty if it is accepted.

    Plain http goes to loopback only (DESIGN.md §8): a patient's words must not
    cross a network unencrypted because of a typing error.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "This is not a web address."
    if parts.scheme not in ("https", "http") or not host:
        return "The address has to begin with https://."
    if parts.username or parts.password:
        return "Leave the password out of the address; sign in above."
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "Only https:// is safe enough; http:// is for this computer alone."
    return ""
