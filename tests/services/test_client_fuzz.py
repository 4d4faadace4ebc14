"""Whatever a service answers, a call of ours gives a plain value or a ServiceError, and ends."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.protocol import sign_in
from scribe_desktop.protocol.dialects import DIALECTS
from scribe_desktop.protocol.sign_in import Family, Terms
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.auth_calls import AuthCalls
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library
from scribe_desktop.services.wire import Outgoing, Reply, Wire
from tests.protocol.test_fuzz import (
    ANSWERS,
    BASE,
    CREATED,
    DEVICE,
    DISCOVERY,
    DOCUMENT,
    EXAMPLES,
    GRANT,
    HISTORY,
    REFUSALS,
    TEMPLATES,
    damaged,
)
from tests.services.deliveries import an_order

SESSION = Session(SessionId("ses_" + "a" * 24), 0.0, an_order())
CHUNK = EncodedChunk(0, b"x", 1)
SEEDS: list[Any] = [
    *(*ANSWERS, *REFUSALS, *CREATED, *TEMPLATES, DEVICE, DISCOVERY, GRANT, HISTORY),
    {"data": DOCUMENT},
    {"data": {"documents": [DOCUMENT]}},
    {"audio_url": "https://storage.test/a", "expires_at": 1},
    "<html>Please pay for the network</html>",
]
MORE_REPLIES = 12
"""No call of ours asks more often than this before it gives an answer or gives up."""


class Hostile(Wire):
    """Answers every request with the next damaged reply, and none of them forever."""

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__()
        self._replies = replies
        self.asked = 0

    def send(self, outgoing: Outgoing) -> Reply:
        self.asked += 1
        assert self.asked < MORE_REPLIES + 40, "asks again and again"
        return self._replies[(self.asked - 1) % len(self._replies)]


class Stopped(threading.Event):
    """Waits for nothing."""

    def wait(self, timeout: float | None = None) -> bool:
        return True


REPLIES = st.lists(
    st.builds(
        Reply,
        st.sampled_from(
            [200, 200, 200, 201, 202, 204, 206, 302, 400, 401, 404, 409, 410, 413, 500]
        ),
        st.dictionaries(
            st.sampled_from(["retry-after", "date", "content-type", "cache-control"]),
            st.sampled_from(["", "5", "nan", "text/html", "max-age=x", "text/event-stream", "-1"]),
        ),
        damaged(SEEDS),
    ),
    min_size=1,
    max_size=4,
)


def client_calls(client: Client, remote: Remote) -> dict[str, Callable[[], object]]:
    library, never = Library(client), Stopped()
    return {
        "discover": client.discover,
        "create": lambda: client.create(SESSION),
        "upload": lambda: client.upload(remote, CHUNK),
        "end": lambda: client.end(remote, 1),
        "get": lambda: client.get(remote),
        "amend": lambda: client.amend(remote, SESSION.order),
        "withdraw": lambda: client.withdraw(remote),
        "templates": client.templates,
        "history": library.history,
        "archive": lambda: library.archive("ses_1"),
        "recording": lambda: library.whole_recording("ses_1", never),
        "fill": lambda: library.fill_template(remote, "soap", never),
        "documents": lambda: library.documents("ses_1"),
        "text": lambda: library.document_text("doc_1"),
        "save": lambda: library.save_document("ses_1", "# x"),
        "delete": lambda: library.delete_document("doc_1"),
        "make template": lambda: library.create_template("T", "x"),
    }


CALLS = tuple(
    client_calls(Client("clinic", lambda: Address(BASE, "eka", FixedToken("t"))), Remote("", ""))
)


def must_end(act: Callable[[], object]) -> None:
    """In a plain value, or in a sentence without anything of ours."""
    try:
        repr(act()).encode()
    except ServiceError as error:
        said = str(error)
    else:
        said = "."
    assert said
    assert "canary" not in said


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=EXAMPLES // 2)
@given(dialect=st.sampled_from(list(DIALECTS)), replies=REPLIES, target=st.sampled_from(CREATED))
def test_a_call_ends_in_a_value_or_a_service_error(
    name: str, dialect: str, replies: list[Reply], target: dict[str, Any]
) -> None:
    address = Address(BASE, dialect, FixedToken("canary"))
    client = Client("clinic", lambda: address, wire=Hostile(replies))
    remote = Remote("ses_1", json.dumps(target["upload_url"]))
    must_end(client_calls(client, remote)[name])


@settings(max_examples=EXAMPLES)
@given(replies=REPLIES, family=st.sampled_from(list(Family)))
def test_a_sign_in_ends_in_a_token_or_a_service_error(replies: list[Reply], family: Family) -> None:
    terms = replace(Terms(family, "c"), token_endpoint="https://id.test/token")
    calls = AuthCalls(Hostile(replies))
    must_end(lambda: calls.grant(BASE, sign_in.password_login("u", "p")))
    must_end(lambda: calls.device_code(BASE))
    must_end(lambda: calls.exchange("https://id.test/token", {}))
    must_end(lambda: calls.refresh(BASE, terms, "canary-a", "canary-r"))
    must_end(lambda: calls.revoke(BASE, "canary-r"))
