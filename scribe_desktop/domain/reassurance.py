"""Says once, and not twice, that the recording is safe, where sentences of several makers meet.

Every refusal says it of itself, because it may be the only sentence that is
read. Beside another that has said it, it would sound as if there were doubt.
"""

import re
from typing import Final

SAFE: Final = "Your recording is safe."

_WHAT: Final = r"(?:your|the) (?:recordings?|text|dictation itself) (?:is|are) safe"
_SAYS_SO: Final = re.compile(rf"{_WHAT}|, safe on this computer", re.IGNORECASE)
_AGAIN: Final = re.compile(
    rf"(?:(?:^|(?<=[.!?] )){_WHAT}\.(?: |$)|[;,] {_WHAT}(?=\.))", re.IGNORECASE
)


def told_once(*sentences: str) -> str:
    """The sentences in one line; only the first of them says that the recording is safe."""
    line = " ".join(filter(None, sentences))
    first = _SAYS_SO.search(line)
    if first is None:
        return line
    return (line[: first.end()] + _AGAIN.sub("", line[first.end() :])).strip()


def reassured(message: str, *more: str) -> str:
    """The same, and it is said right after `message` where nobody has said it."""
    if _SAYS_SO.search(" ".join((message, *more))) is None:
        message = f"{message} {SAFE}"
    return told_once(message, *more)


def of_text(message: str) -> str:
    """A sentence about a dictation, said of a text that was typed."""
    return message.replace("recording", "text")
