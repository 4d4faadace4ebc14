"""Every sealed chunk arrives once and in order whatever network and service do.

Each line is a fault at one of the places where a delivery can be hit. The
checks that hold for all of them are in `story.py`: the service's own store has
every chunk by hash, End came once and last, credentials went nowhere else.
"""

import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.pieces import MOST_PIECES
from scribe_desktop.domain.session import Session
from scribe_desktop.server import presigned
from scribe_desktop.services.encoder import encode
from scribe_desktop.services.wire import LARGEST_REPLY
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.proxy import POURED, Arrived
from tests.faults.story import DAY_S, STORAGE_HOST, Scene, Story, wav_chunk
from tests.faults.tally import Tally
from tests.services.sounds import pcm16, speechlike

PLACES = ["create", "upload 0", "upload 1", "upload 2", "end", "poll"]
UPLOADS = ["upload 0", "upload 1", "upload 2"]
LATER = [*UPLOADS, "end", "poll"]
"""Every step at which there is a session that can be lost."""

UNHEARD = ["refuse", "black hole", "lose request", "reset", "hang"]
"""The service never hears of it; what it did hear of comes last, or an End has no second try."""

HEARD = ["lose reply", "reset mid-reply"]

BUSY = [
    "answer 408",
    "answer 425",
    "answer 429",
    "answer 500",
    "answer 500 text",
    "answer 502 html",
    "answer 503 after Wed, 21 Oct 2015 07:28:00 GMT",
    "answer 504",
]

NONSENSE = [f"answer 200 {kind}" for kind in ("html", "empty", "null", "list", "number", "nulls")]
NONSENSE += [f"answer 200 {kind}" for kind in ("bytes", "wrong types", "other types")]
NONSENSE += ["answer 200 deep", "answer 200 deep list"]

SIGN_IN = ["answer 403 detail missing_token", "answer 403 detail invalid_token"]

REFUSALS = ["answer 400", "answer 400 invalid_request", "answer 422"]

GONE = ["answer 404", "answer 404 transaction_not_found", "answer 410 session_expired"]

REDIRECTS = [f"answer {status} elsewhere" for status in (301, 302, 303, 307, 308)]

HASTY = 0.02
"""Of the program's patience, where a story has to wait for its end."""

MakeStory = Callable[..., Story]


@pytest.fixture
def make_story(tmp_path: Path, tally: Tally) -> Iterator[MakeStory]:
    with ExitStack() as open_stories:

        def make(scene: Scene | None = None) -> Story:
            story = Story(tmp_path, tally, scene)
            open_stories.callback(story.close)
            return story

        yield make


@pytest.fixture
def story(make_story: MakeStory) -> Story:
    return make_story()


def told(place: str, *faults: str) -> str:
    lines = " | ".join(f"{place}: {fault}" for fault in faults)
    return f"speak 3 chunks | {lines} | stop"


def at_each_place(fault: str) -> str:
    lines = " | ".join(f"{place}: {fault}" for place in PLACES)
    return f"speak 3 chunks | {lines} | stop"


def refused(story: Story, status: int) -> int:
    """How many requests were answered so, by the service or in its name."""
    return sum(one.fault.startswith(f"answer {status}") for one in story.proxy.arrived)


# --- the network ------------------------------------------------------------------------


@pytest.mark.parametrize("heard", HEARD)
@pytest.mark.parametrize("place", PLACES)
def test_the_network_fails(make_story: MakeStory, place: str, heard: str) -> None:
    story = make_story(Scene(patience=HASTY))
    session = story.play(told(place, *UNHEARD, heard))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    # Refused, and neither taken nor refused; three that broke off; one that was silent.
    told_why = [one for said in story.problems for one in REASONS if one in said]
    assert Counter(told_why) >= Counter(REASONS[reason] for reason in (0, 0, 1, 1, 2, 1))


REASONS = ["cannot be reached", "broke off", "in time"]


LONG_FORM = bool(os.environ.get("SCRIBE_FAULTS_LONG"))
SLOW_BYTES = 20_000
SLOW_LINE = (1000.0, 1.0) if LONG_FORM else (10_000.0, 0.1)
"""Bytes a second, and how patient we are: in the short form both are ten times as quick."""


def long_chunk(index: int) -> EncodedChunk:
    return wav_chunk(index, seconds=SLOW_BYTES / 32_000)


@pytest.mark.parametrize("place", ["create", "upload 0", "end", "poll"])
def test_a_line_of_a_kilobyte_a_second_is_slow_and_not_dead(
    make_story: MakeStory, place: str
) -> None:
    rate, patience = SLOW_LINE
    story = make_story(Scene(make_chunk=long_chunk, patience=patience))
    story.proxy.rate = rate
    began = time.monotonic()
    session = story.play(f"speak 1 chunk | {place}: slow | stop")
    took_s = time.monotonic() - began
    attempts = [one for one in story.proxy.arrived if one.purpose == place]
    assert len(attempts) == 1, "it was waited for, and not sent again"
    assert story.problems == []
    assert len(session.remote_ids) == 1
    sent = len(attempts[0].body)
    assert took_s >= sent / rate, "the line was as slow as it says"
    assert place != "upload 0" or sent > SLOW_BYTES


# --- the service --------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_the_service_is_busy_or_broken(story: Story, place: str) -> None:
    session = story.play(told(place, *BUSY))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


@pytest.mark.parametrize("form", ["", " after 7", " until 7"])
@pytest.mark.parametrize("status", [429, 503])
def test_the_service_says_when_to_come_again(story: Story, status: int, form: str) -> None:
    """In seconds or as a date by its own clock: at each place it is left alone until then."""
    story.play(at_each_place(f"answer {status}{form}"))
    assert story.persons_asked == 0
    waited = left_alone_s(story)
    assert list(waited) == PLACES
    if form:
        assert set(waited.values()) == {7.0}
    else:
        # The second when an End failed before it: it was not taken for an end of the trouble.
        assert set(waited.values()) <= {1.0, 2.0}


def left_alone_s(story: Story) -> dict[str, float]:
    """How long nothing at all was asked of the service after each fault."""
    arrived = story.proxy.arrived
    return {one.purpose: after.at - one.at for one, after in pairwise(arrived) if one.fault}


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
def test_the_right_reply_under_a_wrong_content_type(story: Story, place: str) -> None:
    session = story.play(told(place, "as text/html"))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


@pytest.mark.parametrize("media_type", ["application/octet-stream", "text/plain", ""])
def test_a_careless_content_type_costs_nothing(story: Story, media_type: str) -> None:
    story.play(at_each_place(f"as {media_type}"))
    assert story.problems == []


@pytest.mark.parametrize("place", PLACES)
def test_a_reply_of_fifty_megabytes_is_not_read_to_the_end(
    make_story: MakeStory, place: str
) -> None:
    # As patient as the program is, so that its size ends it, and not its time.
    story = make_story()
    session = story.play(told(place, "pour"))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert [said for said in story.problems if "more than anyone" in said]
    (poured,) = story.proxy.poured
    # What the two sockets between us hold was sent, too, and never read.
    assert poured < LARGEST_REPLY + 12_000_000 < POURED


@pytest.mark.parametrize(
    "target", [7, [], {}, {"uploadData": None}, "no address", "javascript:alert(1)", "x" * 9000]
)
def test_an_upload_address_that_is_none(story: Story, target: object) -> None:
    """Once, in the reply to Create; whatever it costs, it does not cost the dictation."""
    misled: list[bytes] = []

    def mislead(arrived: Arrived, body: bytes) -> bytes:
        if misled or arrived.purpose != "create":
            return body
        misled.append(json.dumps({**json.loads(body), "upload_url": target}).encode())
        return misled[0]

    story.proxy.rewrite = mislead
    story.play("speak 3 chunks | stop")
    assert misled


# --- signing in -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_the_token_expired_and_is_renewed(story: Story, place: str) -> None:
    """The old token is refused from then on, at every call, as it would be."""
    story.play(told(place, "answer 401 token_expired"))
    assert story.tokens.renewals == 1
    assert story.persons_asked == 0
    assert refused(story, 401) == 1, "the old token was shown once more"


def test_the_token_expires_at_each_step(story: Story) -> None:
    story.play(at_each_place("answer 401 token_expired"))
    assert story.tokens.renewals == refused(story, 401) == len(PLACES)
    assert story.persons_asked == 0


@pytest.mark.parametrize("place", PLACES)
def test_a_person_must_sign_in(story: Story, place: str) -> None:
    story.play(told(place, *SIGN_IN))
    assert story.persons_asked == len(SIGN_IN)


@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_is_not_followed(story: Story, place: str) -> None:
    """Neither with a credential nor without, and above all not with the speech."""
    session = story.play(told(place, *REDIRECTS))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert story.evil.heard == []


SPEC_KEY = "sk_live_canary_7f3a"


@pytest.mark.parametrize("place", PLACES)
def test_an_api_key_goes_to_the_service_alone(make_story: MakeStory, place: str) -> None:
    story = make_story(Scene(dialect="spec", token=SPEC_KEY))
    story.play(told(place, "answer 302 elsewhere", "answer 308 elsewhere", "lose reply"))
    assert story.persons_asked == 0
    for arrived in story.proxy.arrived:
        assert arrived.headers["x-api-key"] == SPEC_KEY
        assert "authorization" not in arrived.headers


@pytest.mark.parametrize("dialect", ["onprem", "spec", "eka"])
def test_an_upload_address_on_another_host_is_not_believed(
    make_story: MakeStory, dialect: str
) -> None:
    story = make_story(Scene(dialect=dialect))

    def misled(arrived: Arrived, body: bytes) -> bytes:
        if arrived.purpose not in {"create", "poll"} or b"upload_url" not in body:
            return body
        return json.dumps({**json.loads(body), "upload_url": story.evil.url}).encode()

    story.proxy.rewrite = misled
    session = story.play("speak 3 chunks | upload 1: lose reply | stop")
    assert len(session.remote_ids) == 1
    assert story.evil.heard == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a test cannot add to the store")
@pytest.mark.parametrize("place", UPLOADS)
def test_a_host_of_the_services_choice_gets_the_speech_and_no_credential(
    make_story: MakeStory, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dialect may name another host for the audio, over TLS; it is not signed in to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "publisher.pem"))
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: look_up(
            "127.0.0.1" if host == STORAGE_HOST else host, *rest, **more
        ),
    )
    story = make_story(Scene(dialect="eka", storage="https"))
    faults = ["reset", *HEARD, *BUSY, *REDIRECTS]
    session = story.play(told(place, *faults))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert len(story.storage.arrived) == 3 + len(faults)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_the_service_refuses_until_somebody_sees_to_it(story: Story, place: str) -> None:
    session = story.play(told(place, *REFUSALS))
    assert story.persons_asked == len(REFUSALS)
    # A result that the service will never give is asked for anew, because somebody asked.
    assert len(session.remote_ids) == (1 + len(REFUSALS) if place == "poll" else 1)


@pytest.mark.parametrize("place", ["create", "end", "poll"])
def test_too_large_is_said_of_what_is_small(story: Story, place: str) -> None:
    session = story.play(told(place, "answer 413"))
    assert story.persons_asked == 1
    assert len(session.remote_ids) == (2 if place == "poll" else 1)


@pytest.mark.parametrize("fault", GONE)
@pytest.mark.parametrize("place", LATER)
def test_the_session_is_gone_and_delivered_anew(story: Story, place: str, fault: str) -> None:
    session = story.play(told(place, fault))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 2


@pytest.mark.parametrize("fault", ["answer 404", "answer 410"])
def test_there_is_no_service_for_a_while(story: Story, fault: str) -> None:
    session = story.play(told("create", *[fault] * 3))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


def test_a_session_is_said_to_exist_and_does_not(story: Story) -> None:
    session = story.play(told("create", "answer 409"))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1


def test_a_service_that_always_forgets_is_asked_more_and_more_rarely(story: Story) -> None:
    session = story.play(told("upload 0", *["answer 404"] * 8))
    assert len(session.remote_ids) == 9
    assert sum(story.waited) > 60


@pytest.mark.parametrize("place", [*UPLOADS, "poll"])
def test_the_service_closed_the_session_early(story: Story, place: str) -> None:
    session = story.play(told(place, "answer 400 session_ended"))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 2


def test_an_end_that_was_taken_before_is_a_success(story: Story) -> None:
    story.play(told("end", "lose reply"))
    ends = [arrived for arrived in story.proxy.arrived if arrived.purpose == "end"]
    assert len(ends) == 1


def test_a_cancelled_dictation_is_withdrawn_whatever_happens(make_story: MakeStory) -> None:
    story = make_story(Scene(patience=HASTY))
    faults = [*UNHEARD, *HEARD, *BUSY, *REDIRECTS, "answer 401 token_expired", "as text/html"]
    session = story.play(f"after upload 1: cancel | {told('withdraw', *faults)}")
    assert story.persons_asked == 0
    assert story.service.status(session.remote_ids[-1]) == "cancelled"
    assert not [seen for seen in story.proxy.seen if seen.purpose == "end"]
    assert session.chunks == 3, "it can still be restored"


# --- time and restarts ------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["create", *UPLOADS, "end"])
@pytest.mark.parametrize("action", ["restart", "forget", "expire"])
def test_the_service_is_restarted_forgets_or_expires(
    make_story: MakeStory, place: str, action: str
) -> None:
    story = make_story(Scene(reopens=True))
    session = story.play(f"speak 3 chunks | after {place}: {action} | stop")
    assert story.persons_asked == 0
    again = action == "forget" or (action == "expire" and place != "end")
    assert len(session.remote_ids) == (2 if again else 1)


@pytest.mark.parametrize("ahead_s", [DAY_S, -DAY_S], ids=["ahead", "behind"])
def test_the_clock_of_the_service_is_a_day_away(make_story: MakeStory, ahead_s: float) -> None:
    story = make_story(Scene(ahead_s=ahead_s))
    session = story.play(at_each_place("lose reply"))
    assert story.client.clock_skew_s == pytest.approx(ahead_s, abs=1.0)
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    waited = left_alone_s(story)
    assert set(waited) == set(PLACES)
    assert max(waited.values()) <= 2.0, "no wait is as long as the clocks are apart"


@pytest.mark.parametrize("place", UPLOADS)
def test_a_form_grows_older_than_its_session(make_story: MakeStory, place: str) -> None:
    """Three hours and a second: the service's own form is refused, and its session expired."""
    story = make_story(Scene(storage="form"))
    before = "create" if place == "upload 0" else f"upload {int(place[-1]) - 1}"
    session = story.play(f"speak 3 chunks | after {before}: the form is too old | stop")
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 2
    assert 403 in [seen.status for seen in story.proxy.seen if seen.purpose == place]


@pytest.mark.parametrize("place", UPLOADS)
def test_a_form_grows_old_within_its_session(
    make_story: MakeStory, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presigned, "PRESIGNED_FORM_S", 600)
    story = make_story(Scene(storage="form"))
    before = "create" if place == "upload 0" else f"upload {int(place[-1]) - 1}"
    session = story.play(f"speak 3 chunks | after {before}: 11 minutes | stop")
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1, "another form, for the same session"
    assert 403 in [seen.status for seen in story.proxy.seen if seen.purpose == place]


@pytest.mark.parametrize("place", UPLOADS)
def test_the_storage_fails_and_sees_no_credential(make_story: MakeStory, place: str) -> None:
    story = make_story(Scene(storage="form", patience=HASTY))
    session = story.play(told(place, *UNHEARD[2:], *HEARD, *BUSY, *REDIRECTS))
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert story.evil.heard == []


# --- too large ----------------------------------------------------------------------------------


@cache
def spoken_chunk(index: int) -> EncodedChunk:
    return encode(pcm16(speechlike(1.0, seed=index)), index)


def counted(session: Session) -> str:
    return f"{session.frames} frames of {PHRASE}"


@pytest.fixture
def spoken_story(make_story: MakeStory) -> Story:
    """Chunks of a second of speech, as the program seals them, and an engine that counts them."""
    return make_story(Scene(spoken_chunk, CountingSpeech, counted))


@pytest.mark.parametrize("share", [0.75, 0.55])
def test_a_chunk_that_is_too_large_goes_in_pieces(spoken_story: Story, share: float) -> None:
    """Behind a gateway that takes only so much: smaller files, numbered anew in a new session."""
    whole = max(len(spoken_chunk(index).body) for index in range(3))
    spoken_story.proxy.largest = round(whole * share)
    session = spoken_story.play("speak 3 chunks | stop")
    assert spoken_story.persons_asked == 0
    assert session.files == 3 * session.pieces > 3
    # Each attempt is a session of its own: no number ever meant two pieces of speech.
    assert 2 ** (len(session.remote_ids) - 1) == session.pieces
    assert session.chunks == session.accepted_chunks == 3


@pytest.mark.parametrize("place", UPLOADS)
def test_one_chunk_is_too_large_and_others_are_already_there(
    spoken_story: Story, place: str
) -> None:
    session = spoken_story.play(
        f"speak 3 chunks | {place}: answer 413 | {place}: lose reply | end: lose reply | stop"
    )
    assert spoken_story.persons_asked == 0
    assert (session.pieces, session.files, len(session.remote_ids)) == (2, 6, 2)


def test_a_service_that_takes_no_audio_of_any_size_waits_for_a_person(
    spoken_story: Story,
) -> None:
    faults = " | ".join(["upload 0: answer 413"] * 6)
    session = spoken_story.play(f"speak 1 chunk | {faults} | stop")
    assert spoken_story.persons_asked == 2
    assert session.pieces == MOST_PIECES


def test_nobody_listens(story: Story) -> None:
    session = story.play("speak 3 chunks | create: refuse x9 | stop")
    assert story.persons_asked == 0
    assert len(session.remote_ids) == 1
    assert sum(story.waited) > 5


def test_everything_at_once(make_story: MakeStory) -> None:
    story = make_story(Scene(reopens=True, patience=HASTY))
    story.play(
        "speak 3 chunks | create: lose reply | upload 0: hang | upload 1: lose reply "
        "| upload 2: answer 503 x2 | after upload 1: restart | end: reset mid-reply "
        "| poll: answer 200 html x4 | stop"
    )
