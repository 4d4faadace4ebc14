"""Decides which stored file the speech engine hears next.

Files may come out of order, twice, or with the first number 0 or 1. Whatever
happens on the way, the engine hears each file once, in numeric order; when a
file turns up that should have been heard earlier, it begins again. A pure
function, so that every order of arrival can be tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Feed:
    """Hear this file now."""

    number: int


@dataclass(frozen=True)
class Restart:
    """What was heard is no longer the beginning of the session."""


@dataclass(frozen=True)
class Finish:
    """All files were heard and no more will come."""


@dataclass(frozen=True)
class Wait:
    """Nothing can be heard until another file arrives."""


def next_hearing(
    heard: Mapping[int, str], files: Mapping[int, str], *, ended: bool
) -> Feed | Restart | Finish | Wait:
    """Choose the next step; both maps go from file number to digest of the bytes.

    Before the end a gap is waited for, because the missing file may still be
    on its way; after it the rest is heard without what never came.
    """
    order = sorted(files)
    if any(files.get(number) != digest for number, digest in heard.items()):
        return Restart()
    if set(order[: len(heard)]) != set(heard):
        return Restart()
    if len(heard) == len(order):
        return Finish() if ended else Wait()
    number = order[len(heard)]
    expected = max(heard) + 1 if heard else None
    if not ended and number != expected and not (expected is None and number <= 1):
        return Wait()
    return Feed(number)
