"""Writes times as every dialect of the protocol reads them."""

import datetime as dt


def iso(seconds: float) -> str:
    """ISO 8601 with milliseconds and Z, from seconds since 1970."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
