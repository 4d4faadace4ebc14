"""Registers, lists and removes the addresses to be told, in both dialects."""

import secrets
from typing import Any

from scribe_desktop.server.calls import BASE, Call, Incoming, Reply, Sent
from scribe_desktop.server.fields import Fields, Text, Words
from scribe_desktop.server.moments import iso
from scribe_desktop.server.service import Service
from scribe_desktop.server.shapes import MOMENT, TEXT, many, one_of, record
from scribe_desktop.server.webhooks import Webhook

_PATH = BASE + "/webhooks"
_EKA_PATH = "/notification/v1/connect/webhook/subscriptions"
_NEW = Fields(
    {
        "url": Text(least=1, most=2000),
        "events": Words(most=20),
        "secret": Text(least=1, most=500),
    },
    required=("url", "events"),
)
_NEW_EKA = Fields(
    {
        "endpoint": Text(least=1, most=2000),
        "event_names": Words(most=20),
        "signing_key": Text(least=1, most=500),
        "protocol": Text(choices=("http", "https")),
    },
    required=("endpoint", "event_names"),
)


def register(service: Service, asked: Incoming) -> Reply:
    """Take an address; without a secret of its own it is told the one we made, once."""
    sent = asked.fields
    secret = sent.get("secret") or secrets.token_urlsafe(32)
    made = service.webhooks.add("spec", sent["url"], sent["events"], secret)
    told = {} if "secret" in sent else {"secret": secret}
    return Reply(201, _shown(made) | told)


def listed(service: Service, _: Incoming) -> Reply:
    """All addresses, without their secrets."""
    return Reply(body={"webhooks": [_shown(hook) for hook in service.webhooks.all("spec")]})


def remove(service: Service, asked: Incoming) -> Reply:
    """Forget an address."""
    service.webhooks.remove(asked.path["webhook_id"])
    return Reply(204)


def register_eka(service: Service, asked: Incoming) -> Reply:
    """The same under EkaScribe's names."""
    sent = asked.fields
    secret = sent.get("signing_key") or secrets.token_urlsafe(32)
    made = service.webhooks.add("eka", sent["endpoint"], sent["event_names"], secret)
    told = {} if "signing_key" in sent else {"signing_key": secret}
    return Reply(201, _shown_eka(made) | told)


def listed_eka(service: Service, _: Incoming) -> Reply:
    """All addresses under EkaScribe's names."""
    return Reply(body={"data": [_shown_eka(hook) for hook in service.webhooks.all("eka")]})


def _shown(hook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.id,
        "url": hook.url,
        "events": list(hook.events),
        "status": "active",
        "created_at": iso(hook.created_at),
    }


def _shown_eka(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "endpoint": hook.url,
        "event_names": list(hook.events),
        "status": "active",
        "created_at": iso(hook.created_at),
    }


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    rest = {"status": one_of("active"), "created_at": MOMENT}
    shown = record({"webhook_id": TEXT, "url": TEXT, "events": many(TEXT)} | rest, {"secret": TEXT})
    eka = record(
        {"id": TEXT, "endpoint": TEXT, "event_names": many(TEXT)} | rest, {"signing_key": TEXT}
    )
    both: list[Call[Service]] = []
    for path, new, answer, listing, shape, key in (
        (_PATH, _NEW, register, listed, shown, "webhooks"),
        (_EKA_PATH, _NEW_EKA, register_eka, listed_eka, eka, "data"),
    ):
        both += [
            Call(
                method="POST",
                path=path,
                summary="Register a webhook",
                answer=answer,
                sent=Sent.JSON,
                fields=new,
                replies={201: shape},
                refusals=(413, 415, 422, 429),
            ),
            Call(
                method="GET",
                path=path,
                summary="List the webhooks",
                answer=listing,
                replies={200: record({key: many(shape)})},
            ),
            Call(
                method="DELETE",
                path=path + "/{webhook_id}",
                summary="Remove a webhook",
                answer=remove,
                replies={204: None},
                refusals=(404,),
            ),
        ]
    return both
