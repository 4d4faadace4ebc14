"""Reads what a client sends, field by field, and says which one is wrong.

Each field is declared once; the check of a request and its entry in the
OpenAPI description both come from that declaration, so they cannot differ.
The reader is tolerant where services of the protocol disagree: null counts as
absent, unknown fields are ignored unless a call says otherwise, and a list of
words may come as one word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from scribe_desktop.server.refusals import invalid

Schema = dict[str, Any]


class Field(Protocol):
    """One value of a request."""

    def read(self, value: object, name: str) -> object:
        """The value as the service uses it; raises Refusal."""

    def schema(self) -> Schema:
        """The same rule in the words of JSON Schema."""


@dataclass(frozen=True)
class Text:
    """Words, of bounded length, perhaps of a given shape or from a given list."""

    most: int = 10_000
    least: int = 0
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def read(self, value: object, name: str) -> str:
        """Accept text only: a number where words belong is a mistake of the client."""
        if not isinstance(value, str):
            raise invalid(f"'{name}' must be text.", field=name)
        if self.choices and value not in self.choices:
            raise invalid(f"'{name}' must be one of: {', '.join(self.choices)}.", field=name)
        if not self.least <= len(value) <= self.most:
            raise invalid(f"'{name}' must have {self.least} to {self.most} characters.", field=name)
        if self.pattern and not re.fullmatch(self.pattern, value, re.ASCII):
            raise invalid(f"'{name}' has characters that are not allowed.", field=name)
        return value

    def schema(self) -> Schema:
        """JSON Schema of the field."""
        schema: Schema = {"type": "string"}
        if self.choices:
            return schema | {"enum": list(self.choices)}
        schema["maxLength"] = self.most
        if self.least:
            schema["minLength"] = self.least
        if self.pattern:
            schema["pattern"] = f"^{self.pattern}$"
        return schema


@dataclass(frozen=True)
class Whole:
    """A whole number, also when it comes as digits in a text, as one server allows."""

    least: int = 0
    most: int = 2**31 - 1

    def read(self, value: object, name: str) -> int:
        """Accept 3 and "3", refuse true, 3.5 and anything out of range."""
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(f"'{name}' must be a whole number.", field=name)
        if not self.least <= value <= self.most:
            raise invalid(f"'{name}' must be from {self.least} to {self.most}.", field=name)
        return value

    def schema(self) -> Schema:
        """JSON Schema of the field."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Words:
    """A list of words; one word alone is a list of one."""

    most: int
    length: int = 200

    def read(self, value: object, name: str) -> tuple[str, ...]:
        """Accept `["en", "hi"]` and `"en"`; keep the order and drop repetitions."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise invalid(f"'{name}' must be a list of words.", field=name)
        one = Text(most=self.length, least=1)
        words = tuple(dict.fromkeys(one.read(item, name) for item in value))
        if len(words) > self.most:
            raise invalid(f"'{name}' takes at most {self.most}.", field=name)
        return words

    def schema(self) -> Schema:
        """JSON Schema of the field."""
        word = {"type": "string", "minLength": 1, "maxLength": self.length}
        return {"anyOf": [{"type": "array", "items": word, "maxItems": self.most}, word]}


@dataclass(frozen=True)
class Free:
    """An object that the service keeps and gives back without looking into it."""

    def read(self, value: object, name: str) -> dict[str, Any]:
        """Accept any JSON object."""
        if not isinstance(value, dict):
            raise invalid(f"'{name}' must be an object.", field=name)
        return value

    def schema(self) -> Schema:
        """JSON Schema of the field."""
        return {"type": "object"}


@dataclass(frozen=True)
class Anything:
    """A value that other services ask for and this one has no use for."""

    def read(self, value: object, name: str) -> object:  # noqa: ARG002 - the interface's name
        """Accept whatever was sent."""
        return value

    def schema(self) -> Schema:
        """JSON Schema of the field."""
        return {}


@dataclass(frozen=True)
class Fields:
    """All fields of one request; `closed` refuses those it does not know."""

    of: Mapping[str, Field]
    required: tuple[str, ...] = ()
    closed: bool = False
    empty_allowed: bool = True
    notes: Mapping[str, str] = field(default_factory=dict)

    def read(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The known fields that were sent and are not null; raises Refusal."""
        for name in self.required:
            if sent.get(name) is None:
                raise invalid(f"'{name}' is required.", field=name)
        unknown = sorted(set(sent) - set(self.of))
        if self.closed and unknown:
            raise invalid("The request has a field that this call does not take.")
        values = {
            name: rule.read(sent[name], name)
            for name, rule in self.of.items()
            if sent.get(name) is not None
        }
        if not values and not self.empty_allowed:
            raise invalid("The request changes nothing.")
        return values

    def schema(self) -> Schema:
        """JSON Schema of the whole object."""
        properties: Schema = {}
        for name, rule in self.of.items():
            schema = rule.schema()
            # Optional fields may be null: several clients send what they have not got as null.
            if name not in self.required and schema:
                schema = {"anyOf": [schema, {"type": "null"}]}
            if name in self.notes:
                schema = schema | {"description": self.notes[name]}
            properties[name] = schema
        whole: Schema = {"type": "object", "properties": properties}
        if self.required:
            whole["required"] = list(self.required)
        if self.closed:
            whole["additionalProperties"] = False
        if not self.empty_allowed:
            whole["minProperties"] = 1
        return whole
