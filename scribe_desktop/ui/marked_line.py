"""Takes the marks off a line of a note for whoever edits it, and puts them back.

A clinician edits a heading as a heading and bold words as bold words, and
never meets the signs that a service writes for them. What is not a heading or
bold is shown as it was written: a sign too many is harmless, a word that
vanishes is not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_HEADING: Final = re.compile(
    r"(?P<before> {0,3}(?P<marks>#{1,6})[ \t]+)(?P<words>\S.*?)(?P<after>(?:[ \t]+#+)?\s*)"
)
_PLAIN: Final = re.compile(r"(?P<words>.*?)(?P<after>\s*)", re.DOTALL)
_STRONG: Final = re.compile(r"(?P<mark>\*\*|__)(?=\S)(?P<words>.+?)(?<=\S)(?P=mark)")
_UNSHOWABLE: Final = re.compile("[\r\0\u2028\u2029\ufdd0\ufdd1]")


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one kind; `mark` is what stands on both sides of bold ones."""

    words: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """One line: what is read of it, and what is put around it when it is written again."""

    runs: tuple[Run, ...]
    level: int = 0
    """Of a heading, 1 to 6; 0 is no heading."""
    before: str = ""
    after: str = ""

    @property
    def words(self) -> str:
        """What is read and edited."""
        return "".join(run.words for run in self.runs)


def read_line(source: str, *, is_markdown: bool) -> MarkedLine:
    """One line without the line end. Signs that no editor can hold are shown as spaces."""
    if not is_markdown:
        return MarkedLine(tuple(_shown([Run(source)])))
    heading = _HEADING.fullmatch(source)
    if heading is not None:
        runs = tuple(_shown(_runs(heading["words"])))
        return MarkedLine(runs, len(heading["marks"]), heading["before"], heading["after"])
    plain = _PLAIN.fullmatch(source)
    words, after = (plain["words"], plain["after"]) if plain else (source, "")
    # What is nothing but space is space that somebody may want to type into.
    if not words:
        words, after = after, ""
    return MarkedLine(tuple(_shown(_runs(words))), after=after)


def written(runs: Iterable[Run], *, before: str, after: str) -> str:
    """The line as it is stored; a heading that lost all its words is no heading any more."""
    words = "".join(_bold(run) for run in runs)
    return f"{before}{words}{after}" if words.strip() else words


def _runs(words: str) -> Iterator[Run]:
    at = 0
    for found in _STRONG.finditer(words):
        yield Run(words[at : found.start()])
        yield Run(found["words"], found["mark"])
        at = found.end()
    yield Run(words[at:])


def _shown(runs: Iterable[Run]) -> Iterator[Run]:
    for run in runs:
        if run.words:
            yield Run(_UNSHOWABLE.sub(" ", run.words), run.mark)


def _bold(run: Run) -> str:
    """Marks beside a space are no marks, so the space goes outside."""
    bare = run.words.strip()
    if not run.mark or not bare:
        return run.words
    begin = run.words.index(bare)
    lead, trail = run.words[:begin], run.words[begin + len(bare) :]
    return f"{lead}{run.mark}{bare}{run.mark}{trail}"
