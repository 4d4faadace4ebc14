"""The commas, stops and line breaks that a clinician says aloud, by language.

Left out on purpose, because they are medical words: the English “period”,
“colon” and “dash”, the French “point” and the Spanish “coma” and “dos
puntos”. Whoever never means the other thing can add them as a replacement.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Joins(StrEnum):
    """How a mark sits among the words."""

    BEFORE = "before"
    """To the word before it, as a comma does."""
    AFTER = "after"
    """To the word after it, as an opening bracket does."""
    BREAK = "break"
    """To neither: a new line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written for a spoken mark."""

    text: str
    joins: Joins
    begins_sentence: bool = False


_STOP: Final = Mark(".", Joins.BEFORE, begins_sentence=True)
_COMMA: Final = Mark(",", Joins.BEFORE)
_SEMICOLON: Final = Mark(";", Joins.BEFORE)
_COLON: Final = Mark(":", Joins.BEFORE)
_QUESTION: Final = Mark("?", Joins.BEFORE, begins_sentence=True)
_EXCLAMATION: Final = Mark("!", Joins.BEFORE, begins_sentence=True)
_OPEN: Final = Mark("(", Joins.AFTER)
_CLOSE: Final = Mark(")", Joins.BEFORE)
_LINE: Final = Mark("\n", Joins.BREAK, begins_sentence=True)
_PARAGRAPH: Final = Mark("\n\n", Joins.BREAK, begins_sentence=True)
_POINT: Final = Mark("\n- ", Joins.BREAK, begins_sentence=True)

SPOKEN_MARKS: Final[dict[str, dict[str, Mark]]] = {
    "en": {
        "full stop": _STOP,
        "comma": _COMMA,
        "semicolon": _SEMICOLON,
        "question mark": _QUESTION,
        "exclamation mark": _EXCLAMATION,
        "exclamation point": _EXCLAMATION,
        "open bracket": _OPEN,
        "close bracket": _CLOSE,
        "open parenthesis": _OPEN,
        "close parenthesis": _CLOSE,
        "open quote": Mark("“", Joins.AFTER),
        "close quote": Mark("”", Joins.BEFORE),
        "open quotes": Mark("“", Joins.AFTER),
        "close quotes": Mark("”", Joins.BEFORE),
        "new line": _LINE,
        "newline": _LINE,
        "next line": _LINE,
        "new paragraph": _PARAGRAPH,
        "next paragraph": _PARAGRAPH,
        "bullet point": _POINT,
        "next bullet": _POINT,
    },
    "de": {
        "punkt": _STOP,
        "komma": _COMMA,
        "semikolon": _SEMICOLON,
        "strichpunkt": _SEMICOLON,
        "doppelpunkt": _COLON,
        "fragezeichen": _QUESTION,
        "ausrufezeichen": _EXCLAMATION,
        "klammer auf": _OPEN,
        "klammer zu": _CLOSE,
        "anführungszeichen auf": Mark("„", Joins.AFTER),
        "anführungszeichen zu": Mark("“", Joins.BEFORE),
        "neue zeile": _LINE,
        "neuer absatz": _PARAGRAPH,
        "neuer punkt": _POINT,
        "nächster punkt": _POINT,
    },
    "fr": {
        "virgule": _COMMA,
        "point final": _STOP,
        "point virgule": _SEMICOLON,
        "point d'interrogation": _QUESTION,
        "point d'exclamation": _EXCLAMATION,
        "ouvrir la parenthèse": _OPEN,
        "ouvrez la parenthèse": _OPEN,
        "fermer la parenthèse": _CLOSE,
        "fermez la parenthèse": _CLOSE,
        "ouvrez les guillemets": Mark("« ", Joins.AFTER),
        "fermez les guillemets": Mark(" »", Joins.BEFORE),
        "à la ligne": _LINE,
        "nouvelle ligne": _LINE,
        "point à la ligne": Mark(".\n", Joins.BEFORE, begins_sentence=True),
        "nouveau paragraphe": _PARAGRAPH,
    },
    "es": {
        "punto y seguido": _STOP,
        "punto y aparte": Mark(".\n", Joins.BEFORE, begins_sentence=True),
        "punto y coma": _SEMICOLON,
        "abrir paréntesis": _OPEN,
        "cerrar paréntesis": _CLOSE,
        "abrir comillas": Mark("«", Joins.AFTER),
        "cerrar comillas": Mark("»", Joins.BEFORE),
        "nueva línea": _LINE,
        "nuevo párrafo": _PARAGRAPH,
    },
    "hi": {
        "पूर्ण विराम": Mark("।", Joins.BEFORE, begins_sentence=True),
        "अल्प विराम": _COMMA,
        "अल्पविराम": _COMMA,
        "प्रश्न चिह्न": _QUESTION,
        "नई लाइन": _LINE,
        "नई पंक्ति": _LINE,
        "नया पैराग्राफ": _PARAGRAPH,
    },
}


def marks_of(languages: tuple[str, ...]) -> dict[str, Mark]:
    """What can be said in these languages; a language that is not known has nothing."""
    found: dict[str, Mark] = {}
    for language in languages:
        found |= SPOKEN_MARKS.get(language.replace("_", "-").partition("-")[0].casefold(), {})
    return found


def mark_written_as(text: str) -> Mark | None:
    """The mark that a replacement stands for, when it is nothing but a mark."""
    found = text.strip(" ")
    if found in (".", "?", "!", "।"):
        return Mark(found, Joins.BEFORE, begins_sentence=True)
    if found in (",", ";", ":", ")", "]", "”", "»"):
        return Mark(found, Joins.BEFORE)
    return Mark(found, Joins.AFTER) if found in ("(", "[", "“", "„", "«") else None
