"""Every sealed chunk arrives once and in order whatever network and service do.

Each line is a fault at one of the places where a delivery can be hit. The
checks that hold for all of them are in `story.py`: the service's own store has
every chunk by hash, End came once and last, credentials went nowhere else.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.pieces import MOST_PIECES
from scribe_desktop.domain.session import SessionId
from scribe_desktop.services.encoder import encode
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.story import Story
from tests.services.deliveries import MemorySpool
from tests.services.sounds import pcm16, speechlike

PLACES = ["create", "upload 0", "upload 1", "end", "poll"]

NETWORK = ["lose request", "lose reply", "reset", "reset mid-reply", "hang", "slow"]

BUSY = [
    "answer 408",
    "answer 425",
    "answer 429",
    "answer 429 after 7",
    "answer 429 until 7",
    "answer 500",
    "answer 500 text",
    "answer 502 html",
    "answer 503 after Wed, 21 Oct 2015 07:28:00 GMT",
    "answer 504",
]

NONSENSE = [f"answer 200 {kind}" for kind in ("html", "empty", "null", "list", "nulls", "bytes")]
NONSENSE += ["answer 200 wrong types", "answer 200 deep", "answer 302 elsewhere"]

SIGN_IN = ["answer 403 detail missing_token", "answer 403 detail invalid_token"]

REFUSALS = ["answer 400", "answer 400 invalid_request", "answer 422"]

GONE = ["answer 404", "answer 404 transaction_not_found", "answer 410 session_expired"]


@pytest.fixture
def story(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Story]:
    story = Story(tmp_path)
    yield story
    story.close()
    # For the report of the long form: how much this test did.
    record_property("tried", story.tried)
    record_property("compared_bytes", story.compared_bytes)


def told(place: str, *faults: str) -> str:
    lines = " | ".join(f"{place}: {fault}" for fault in faults)
    return f"speak 3 chunks | {lines} | stop"


@pytest.mark.parametrize("place", PLACES)
def test_the_network_fails(story: Story, place: str) -> None:
    session = story.play(told(place, *NETWORK))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


@pytest.mark.parametrize("place", PLACES)
def test_the_service_is_busy_or_broken(story: Story, place: str) -> None:
    session = story.play(told(place, *BUSY))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert any(wait >= 7 for wait in story.waited), "Retry-After is obeyed"


@pytest.mark.parametrize("place", ["create", "poll"])
def test_something_else_answers(story: Story, place: str) -> None:
    session = story.play(told(place, *NONSENSE))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


@pytest.mark.parametrize("place", PLACES)
def test_a_page_of_the_network_is_no_acknowledgement(story: Story, place: str) -> None:
    session = story.play(told(place, "answer 200 html", "answer 200 html"))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


@pytest.mark.parametrize("place", PLACES)
def test_the_token_expired_and_is_renewed(story: Story, place: str) -> None:
    story.play(told(place, "answer 401 token_expired"))
    assert story.tokens.renewals == 1
    assert story.persons_asked == 0


@pytest.mark.parametrize("place", PLACES)
def test_a_person_must_sign_in(story: Story, place: str) -> None:
    story.play(told(place, *SIGN_IN))
    assert story.persons_asked == len(SIGN_IN)


@pytest.mark.parametrize("place", PLACES)
def test_the_service_refuses_until_somebody_sees_to_it(story: Story, place: str) -> None:
    session = story.play(told(place, *REFUSALS))
    assert story.persons_asked == len(REFUSALS)
    # A result that the service will never give is asked for anew, because somebody asked.
    assert len(session.remote_ids) == (1 + len(REFUSALS) if place == "poll" else 1)


@pytest.mark.parametrize("fault", GONE)
@pytest.mark.parametrize("place", ["upload 0", "upload 1", "end", "poll"])
def test_the_session_is_gone_and_delivered_anew(story: Story, place: str, fault: str) -> None:
    session = story.play(told(place, fault))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 2


def test_a_service_that_always_forgets_is_asked_more_and_more_rarely(story: Story) -> None:
    session = story.play(told("upload 0", *["answer 404"] * 8))
    assert len(session.remote_ids) == 9
    assert sum(story.waited) > 60


def test_the_service_closed_the_session_early(story: Story) -> None:
    session = story.play(told("upload 1", "answer 400 session_ended"))
    assert len(session.remote_ids) == 2


def test_an_end_that_was_taken_before_is_a_success(story: Story) -> None:
    story.play(told("end", "lose reply"))
    ends = [arrived for arrived in story.proxy.arrived if arrived.purpose == "end"]
    assert len(ends) == 1


def test_a_reply_of_fifty_megabytes_is_not_read_to_the_end(story: Story) -> None:
    story.play(told("poll", "answer 200 huge"))
    assert story.persons_asked == 0


@pytest.mark.parametrize("place", ["create", "upload 0", "upload 1", "end"])
@pytest.mark.parametrize("action", ["restart", "forget", "expire"])
def test_the_service_is_restarted_forgets_or_expires(story: Story, place: str, action: str) -> None:
    session = story.play(f"speak 3 chunks | after {place}: {action} | stop")
    assert story.persons_asked == 0
    again = action == "forget" or (action == "expire" and place != "end")
    assert len(session.remote_ids) == (2 if again else 1)


class SpokenSpool(MemorySpool):
    """Chunks of a second of speech, as the program seals them."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        return spoken_chunk(index)


@cache
def spoken_chunk(index: int) -> EncodedChunk:
    return encode(pcm16(speechlike(1.0, seed=index)), index)


class SpokenStory(Story):
    """Real chunks, and an engine that tells how much it heard."""

    def spoken(self) -> str:
        return f"{self.session.frames} frames of {PHRASE}"


@pytest.fixture
def spoken_story(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> Iterator[SpokenStory]:
    story = SpokenStory(tmp_path, SpokenSpool(), CountingSpeech)
    yield story
    story.close()
    record_property("tried", story.tried)
    record_property("compared_bytes", story.compared_bytes)


@pytest.mark.parametrize("share", [0.75, 0.55])
def test_a_chunk_that_is_too_large_goes_in_pieces(spoken_story: SpokenStory, share: float) -> None:
    """Behind a gateway that takes only so much: smaller files, numbered anew in a new session."""
    whole = max(len(spoken_chunk(index).body) for index in range(3))
    spoken_story.proxy.largest = round(whole * share)
    session = spoken_story.play("speak 3 chunks | stop")
    assert spoken_story.persons_asked == 0
    assert session.files == 3 * session.pieces > 3
    # Each attempt is a session of its own: no number ever meant two pieces of speech.
    assert 2 ** (len(session.remote_ids) - 1) == session.pieces
    assert session.chunks == session.accepted_chunks == 3


@pytest.mark.parametrize("place", ["upload 0", "upload 1", "upload 2"])
def test_one_chunk_is_too_large_and_others_are_already_there(
    spoken_story: SpokenStory, place: str
) -> None:
    session = spoken_story.play(
        f"speak 3 chunks | {place}: answer 413 | {place}: lose reply | end: lose reply | stop"
    )
    assert spoken_story.persons_asked == 0
    assert (session.pieces, session.files, len(session.remote_ids)) == (2, 6, 2)


def test_a_service_that_takes_no_audio_of_any_size_waits_for_a_person(
    spoken_story: SpokenStory,
) -> None:
    faults = " | ".join(["upload 0: answer 413"] * 6)
    session = spoken_story.play(f"speak 1 chunk | {faults} | stop")
    assert spoken_story.persons_asked == 2
    assert session.pieces == MOST_PIECES


def test_nobody_listens(story: Story) -> None:
    session = story.play("away for 9 tries | speak 3 chunks | stop")
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert sum(story.waited) > 5


def test_everything_at_once(story: Story) -> None:
    story.play(
        "speak 3 chunks | create: lose reply | upload 0: hang | upload 1: lose reply "
        "| upload 2: answer 503 x2 | after upload 1: restart | end: reset mid-reply "
        "| poll: answer 200 html x2 | stop"
    )
