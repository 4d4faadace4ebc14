"""The words of a PDF as another program finds them, for PDFs as Qt writes them.

Letters are numbers in a font of the file's own; each font says which
character a number is (ToUnicode, PDF 32000-1 §9.10.3).
"""

import re
import unicodedata
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\s*endstream", re.DOTALL)
_RANGE = re.compile(rb"<([0-9A-F]{4})> <[0-9A-F]{4}> \[(.*?)\]", re.DOTALL)
_SHOWN = re.compile(rb"/F(\d+) |<([0-9A-F]+)> Tj|\b(ET)\b")


def words_of_pdf(pdf: bytes) -> str:
    """All that is printed, a line for each line, letters as on a keyboard."""
    objects = {int(found[1]): found[2] for found in _OBJECT.finditer(pdf)}
    fonts = {
        number: _letters(objects[int(mapped[1])])
        for number, body in objects.items()
        if (mapped := re.search(rb"/ToUnicode (\d+) 0 R", body))
    }
    pages = [re.search(rb"/Contents (\d+) 0 R", body) for body in objects.values()]
    lines = "\n".join(_lines(_content(objects[int(page[1])]), fonts) for page in pages if page)
    # A font has one empty letter for both, and Qt calls it by the first of them.
    return unicodedata.normalize("NFKC", lines).replace("\t", " ")


def _content(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    assert stream
    return zlib.decompressobj().decompress(stream[1])


def _letters(cmap: bytes) -> dict[int, str]:
    letters = {}
    for begin, listed in _RANGE.findall(cmap):
        for number, code in enumerate(re.findall(rb"<([0-9A-F]+)>", listed), int(begin, 16)):
            letters[number] = bytes.fromhex(code.decode()).decode("utf-16-be")
    return letters


def _lines(content: bytes, fonts: dict[int, dict[int, str]]) -> str:
    text, letters = "", dict[int, str]()
    for font, shown, end in _SHOWN.findall(content):
        if font:
            letters = fonts[int(font)]
        codes = [int(shown[place : place + 4], 16) for place in range(0, len(shown), 4)]
        text += "".join(letters[code] for code in codes) + ("\n" if end else "")
    return text
