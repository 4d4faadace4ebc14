"""A dictation that nears the service's limit is told so once, and goes on in a linked session."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import DiskFull
from scribe_desktop.domain.events import Created
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Notice, PartEnding
from scribe_desktop.domain.offer import ModelOffer, Offer
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.rollover import EXPIRY_MARGIN_S, MARGIN_S, NEAR_S
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.rolling_over import RollingOver
from scribe_desktop.services.spool import Spool
from tests.wiring.small_line import Nothing, Recording

DAY_S, HOUR_S = 86_400.0, 3600.0
WALL = 1_780_000_000.0
FIRST = SessionId("ses_1")


@dataclass
class Service(Nothing):
    skew_s: float | None = None

    models: tuple[ModelOffer, ...] = ()

    def offer(self, _service: object) -> Offer:
        return Offer("nothing", models=self.models)

    def clock_skew_s(self, _service: object) -> float | None:
        return self.skew_s


@dataclass
class Desk:
    """A dictation at the microphone, on clocks of its own; full while `refuses`."""

    spool: Spool
    service: Service = field(default_factory=Service)
    wall: float = WALL
    boot: float = 100.0
    refuses: DiskFull | None = None
    told: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recording = Recording(FIRST)
        self.spool.add(Session(FIRST, self.wall, Order()))
        nothing = cast("Any", self)
        self.rolling = RollingOver(
            nothing, cast("Any", self.service), lambda: self.wall, lambda: self.boot,
            self.told.append,
        )  # fmt: skip

    def add(self, session: Session) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.spool.add(session)

    def created(self, remote: Remote) -> None:
        self.spool.update(FIRST, lambda one: apply(one, Created(remote)))

    def look(self, after_s: float = 0.0) -> int:
        """How many linked sessions there are when so much time has gone by."""
        self.boot += after_s
        self.rolling.look_at(self.spool.get(FIRST), cast("Any", self.recording))
        return len(self.recording.goes_on_in)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    spool = Spool.open(tmp_path, bytes(32), now=lambda: WALL)
    yield Desk(spool)
    spool.close()


@pytest.mark.parametrize("ahead_s", [0.0, DAY_S, -DAY_S])
@pytest.mark.parametrize("by", ["created_at", "Date"])
def test_it_rolls_over_once_and_in_time_however_far_the_clocks_are_apart(
    desk: Desk, ahead_s: float, by: str
) -> None:
    theirs = desk.wall + ahead_s
    if by == "created_at":
        desk.created(Remote("ses_r", '"u"', theirs + HOUR_S, theirs))
    else:
        desk.service.skew_s = ahead_s
        desk.created(Remote("ses_r", '"u"', theirs + HOUR_S))
    assert desk.look() == 0
    # Somebody sets our clock in the middle of it.
    desk.wall += DAY_S
    assert desk.look(HOUR_S - EXPIRY_MARGIN_S - NEAR_S - 1) == 0
    assert desk.told == []
    for _ in range(3):
        assert desk.look(5.0) == 0
    (told,) = desk.told
    assert isinstance(told, PartEnding)
    assert told.goes_on
    assert "without a break" in told.message
    assert "one dictation" in told.remedy
    assert desk.look(NEAR_S) == 1
    assert desk.look(5.0) == 1
    assert len(desk.told) == 1
    (follower,) = desk.recording.goes_on_in
    assert desk.spool.get(follower).follows == FIRST


def test_what_is_in_no_chunk_yet_counts_against_the_models_limit(desk: Desk) -> None:
    desk.service.models = (ModelOffer(Order().model, "Pro", max_session_s=HOUR_S),)
    desk.recording.session_frames = round((HOUR_S - MARGIN_S) * SAMPLE_RATE) - 1
    assert desk.spool.get(FIRST).frames == 0
    assert desk.look() == 0
    assert len(desk.told) == 1
    desk.recording.session_frames += 1
    assert desk.look() == 1


def test_each_part_has_a_life_of_its_own(desk: Desk) -> None:
    desk.created(Remote("ses_r", '"u"', WALL + HOUR_S, WALL))
    assert desk.look() == 0
    assert desk.look(HOUR_S) == 1
    second = replace(
        desk.spool.get(desk.recording.goes_on_in[0]),
        remote=Remote("ses_s", '"u"', WALL + 2 * HOUR_S, WALL + HOUR_S),
    )
    desk.rolling.look_at(second, cast("Any", desk.recording))
    assert len(desk.recording.goes_on_in) == 1
    desk.boot += HOUR_S
    desk.rolling.look_at(second, cast("Any", desk.recording))
    assert len(desk.recording.goes_on_in) == 2
    assert [notice.session_id for notice in desk.told if isinstance(notice, PartEnding)] == [
        FIRST,
        second.session_id,
    ]


def test_where_no_part_can_be_begun_it_is_said_once_and_tried_again(desk: Desk) -> None:
    desk.created(Remote("ses_r", '"u"', WALL + HOUR_S, WALL))
    desk.look()
    desk.refuses = DiskFull("The disk is full.", "Free some space.")
    for _ in range(3):
        assert desk.look(HOUR_S) == 0
    told = desk.told[-1]
    assert isinstance(told, PartEnding)
    assert not told.goes_on
    assert "The disk is full." in told.message
    assert "recorded all the same" in told.message
    assert told.remedy == "Free some space."
    assert len(desk.told) == 2
    desk.refuses = None
    assert desk.look(5.0) == 1
