"""Which counts are believed, and when a fresh delivery needs a person."""

import json
from dataclasses import replace

import pytest

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.session import Capture, Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.services.anew import counted, is_hopeless, is_sent_again
from tests.services.deliveries import an_order

SESSION = Session(
    SessionId("5e55"),
    0.0,
    an_order(),
    capture=Capture.STOPPED,
    delivery=Delivery.OPEN,
    chunks=3,
    remote=Remote("ses_1", '"https://clinic.test/v1/audio"'),
)
FORM = json.dumps({"uploadData": {"url": "https://storage.test", "fields": {}}})


@pytest.mark.parametrize(
    "changes",
    [
        {"order": an_order(upload_type=UploadType.STREAM)},
        {"order": an_order(upload_type=UploadType.SINGLE)},
        {"typed": True},
        {"remote": None},
        {"remote": Remote("ses_1", FORM)},
    ],
)
def test_only_a_count_of_chunks_that_the_service_took_itself_is_believed(
    changes: dict[str, object],
) -> None:
    assert counted(SESSION, 2) == 2
    assert counted(replace(SESSION, **changes), 2) is None  # type: ignore[arg-type]


def test_a_count_that_was_not_said_means_nothing() -> None:
    assert not is_sent_again(SESSION, None)
    assert not is_sent_again(SESSION, 3)
    assert not is_sent_again(SESSION, 9)
    assert is_sent_again(SESSION, 0)
    assert not is_sent_again(replace(SESSION, shortfalls=3), 0)


def test_send_now_begins_anew_where_nothing_else_helps() -> None:
    def stuck(retry: Retry, delivery: Delivery) -> bool:
        return is_hopeless(replace(SESSION, delivery=delivery, problem=Problem("m", "r", retry)))

    assert not is_hopeless(SESSION)
    assert stuck(Retry.FRESH_SESSION, Delivery.OPEN)
    assert stuck(Retry.NEVER, Delivery.ENDED)
    assert not stuck(Retry.NEVER, Delivery.OPEN), "a person mended what was refused"
    assert not stuck(Retry.LATER, Delivery.ENDED)
