"""Decides where speech and credentials may go.

A token goes to the configured origin and nowhere else; nothing goes in the
clear except to this computer. A URL that two parsers could read differently
is not a URL.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SECURE = frozenset({"https", "wss"})
_ODD = re.compile(r"[\x00-\x20\x7f\\]")


class ForbiddenAddress(ValueError):
    """An address that neither speech nor credentials may go to."""


def _split(url: str) -> SplitResult:
    if _ODD.search(url):
        raise ForbiddenAddress("not a clean URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress("not a URL") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise ForbiddenAddress("not an http or ws URL")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress("a URL with a user name in it")
    return parts


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Whether `url` names a host at all, safe or not."""
    try:
        _split(url)
    except ForbiddenAddress:
        return False
    return True


def check(url: str) -> str:
    """Return `url` if something may be sent there; raises ForbiddenAddress otherwise."""
    parts = _split(url)
    if parts.scheme not in _SECURE and not is_loopback(parts.hostname or ""):
        raise ForbiddenAddress("not encrypted")
    return url


def origin(url: str) -> tuple[str, str, int]:
    """Whether it is encrypted, host and port; ws counts as http."""
    parts = _split(url)
    scheme = "https" if parts.scheme in _SECURE else "http"
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def same_origin(one: str, other: str) -> bool:
    """Whether a credential for `one` may be shown to `other`."""
    return origin(one) == origin(other)


def is_on_this_computer(url: str) -> bool:
    """Whether `url` names a loopback address."""
    return is_loopback(_split(url).hostname or "")


def root(url: str) -> str:
    """Scheme and host of `url`, without a path."""
    parts = _split(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def path(url: str) -> str:
    """The path of `url`, without a slash at its end."""
    return _split(url).path.rstrip("/")


def is_socket(url: str) -> bool:
    """Whether `url` is a WebSocket's."""
    return _split(url).scheme in {"ws", "wss"}


def join(base: str, *parts: str) -> str:
    """`base` with `parts` below it; `base` may end with a slash."""
    return "/".join((base.rstrip("/"), *(part.strip("/") for part in parts)))
