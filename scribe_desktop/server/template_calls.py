"""Lists the note templates in both dialects, and lets a clinic make its own."""

from scribe_desktop.server.calls import BASE, Call, Incoming, Reply, Sent
from scribe_desktop.server.fields import Anything, Fields, Text, Words
from scribe_desktop.server.service import Service
from scribe_desktop.server.shapes import FLAG, TEXT, many, record

_TEMPLATE_PATH = "/voice/api/v1/template"

_NEW = Fields(
    {
        "title": Text(least=1, most=200),
        "section_ids": Words(most=100),
        "desc": Text(most=20_000),
        "type": Anything(),
    },
    required=("title",),
)
_EDIT = Fields(
    {
        "title": Text(least=1, most=200),
        "section_ids": Words(most=100),
        "desc": Text(most=20_000),
    },
    empty_allowed=False,
)


def list_templates(service: Service, _: Incoming) -> Reply:
    """The list as the specification has it."""
    return Reply(
        body={
            "templates": [
                {"id": item.id, "name": item.name, "description": item.description}
                for item in service.templates.all()
            ]
        }
    )


def list_items(service: Service, _: Incoming) -> Reply:
    """The same list as EkaScribe has it."""
    return Reply(
        body={
            "items": [
                {
                    "id": item.id,
                    "title": item.name,
                    "desc": item.description,
                    "section_ids": list(item.section_ids),
                    "default": not item.own,
                    "is_favorite": False,
                }
                for item in service.templates.all()
            ]
        }
    )


def make_template(service: Service, asked: Incoming) -> Reply:
    """Make one of the clinic's own, described by Markdown headings."""
    sent = asked.fields
    made = service.templates.add(sent["title"], sent.get("desc", ""), sent.get("section_ids", ()))
    return Reply(201, {"msg": "The template was made.", "template_id": made.id})


def edit_template(service: Service, asked: Incoming) -> Reply:
    """Change one of the clinic's own."""
    service.templates.edit(asked.path["template_id"], asked.fields)
    return Reply(body={"msg": "The template was changed."})


def remove_template(service: Service, asked: Incoming) -> Reply:
    """Remove one of the clinic's own; notes made with it stay."""
    service.templates.remove(asked.path["template_id"])
    return Reply(body={"msg": "The template was removed."})


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    listed = record({"templates": many(record({"id": TEXT, "name": TEXT, "description": TEXT}))})
    item = record(
        {
            "id": TEXT,
            "title": TEXT,
            "desc": TEXT,
            "section_ids": many(TEXT),
            "default": FLAG,
            "is_favorite": FLAG,
        }
    )
    one = _TEMPLATE_PATH + "/{template_id}"
    return [
        Call(
            method="GET",
            path=BASE + "/templates",
            summary="List the templates",
            answer=list_templates,
            replies={200: listed},
        ),
        Call(
            method="GET",
            path=_TEMPLATE_PATH,
            summary="List the templates as EkaScribe does",
            answer=list_items,
            replies={200: record({"items": many(item)})},
        ),
        Call(
            method="POST",
            path=_TEMPLATE_PATH,
            summary="Make a template",
            answer=make_template,
            sent=Sent.JSON,
            fields=_NEW,
            replies={201: record({"msg": TEXT, "template_id": TEXT})},
            refusals=(400, 413, 422),
        ),
        Call(
            method="PATCH",
            path=one,
            summary="Change a template",
            answer=edit_template,
            sent=Sent.JSON,
            fields=_EDIT,
            replies={200: record({"msg": TEXT})},
            refusals=(400, 403, 404, 413, 422),
        ),
        Call(
            method="DELETE",
            path=one,
            summary="Remove a template",
            answer=remove_template,
            replies={200: record({"msg": TEXT})},
            refusals=(403, 404),
        ),
    ]
