"""Keeps the note templates that a clinic made for itself, beside those that come with the service.

A clinic describes a template by Markdown headings; the service's own
templates cannot be changed or removed.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.store import Store


class BuiltIn(Protocol):
    """A template that comes with the service."""

    @property
    def name(self) -> str:
        """What a clinician calls it."""

    @property
    def description(self) -> str:
        """One sentence about its use."""


@dataclass(frozen=True)
class CustomTemplate:
    """A clinic's own template."""

    id: str
    title: str
    desc: str = ""
    section_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A template as the lists of both dialects show it."""

    id: str
    name: str
    description: str
    section_ids: tuple[str, ...]
    own: bool


class TemplateShelf:
    """All templates a session can ask for. Any thread may call."""

    def __init__(
        self, store: Store, built_in: Mapping[str, BuiltIn], now: Callable[[], float]
    ) -> None:
        self._store = store
        self._built_in = built_in
        self._now = now

    def all(self) -> list[Listed]:
        """The service's own templates first, then the clinic's, oldest first."""
        own = [
            Listed(name, item.name, item.description, (), own=False)
            for name, item in self._built_in.items()
        ]
        with self._store.reading() as rows:
            found = rows.execute("SELECT facts FROM templates ORDER BY created_at, id").fetchall()
        customs = [_from_json(row[0]) for row in found]
        return own + [
            Listed(item.id, item.title, item.desc, item.section_ids, own=True) for item in customs
        ]

    def known(self, template_id: str) -> bool:
        """Whether a session may ask for it."""
        return template_id in self._built_in or self.custom(template_id) is not None

    def name_of(self, template_id: str) -> str:
        """What a clinician calls it; the id when it was removed meanwhile."""
        if template_id in self._built_in:
            return self._built_in[template_id].name
        custom = self.custom(template_id)
        return custom.title if custom else template_id

    def custom(self, template_id: str) -> CustomTemplate | None:
        """The clinic's template of that id."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT facts FROM templates WHERE id = ?", (template_id,)
            ).fetchone()
        return _from_json(found[0]) if found else None

    def add(self, title: str, desc: str, section_ids: tuple[str, ...]) -> CustomTemplate:
        """Store a new template."""
        made = CustomTemplate("tpl_" + secrets.token_hex(10), title, desc, section_ids)
        with self._store.writing() as rows:
            rows.execute(
                "INSERT INTO templates VALUES (?, ?, ?)", (made.id, self._now(), _json(made))
            )
        return made

    def edit(self, template_id: str, changes: Mapping[str, object]) -> None:
        """Change title, description or sections; raises Refusal."""
        with self._store.writing() as rows:
            template = self._own(template_id)
            changed = replace(template, **changes)  # type: ignore[arg-type]
            rows.execute(
                "UPDATE templates SET facts = ? WHERE id = ?", (_json(changed), template_id)
            )

    def remove(self, template_id: str) -> None:
        """Remove one of the clinic's own; raises Refusal."""
        with self._store.writing() as rows:
            self._own(template_id)
            rows.execute("DELETE FROM templates WHERE id = ?", (template_id,))

    def _own(self, template_id: str) -> CustomTemplate:
        if template_id in self._built_in:
            raise Refusal(403, "forbidden", "The service's own templates cannot be changed.")
        template = self.custom(template_id)
        if template is None:
            raise template_not_found()
        return template


def template_not_found() -> Refusal:
    """Neither the service nor the clinic has that template."""
    return Refusal(404, "template_not_found", "There is no template with this id.")


def _json(template: CustomTemplate) -> str:
    return json.dumps(asdict(template), ensure_ascii=False)


def _from_json(text: str) -> CustomTemplate:
    facts = json.loads(text)
    return CustomTemplate(**facts | {"section_ids": tuple(facts["section_ids"])})
