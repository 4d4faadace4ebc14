"""Whatever happens to a microphone is told within a second, and the dictation goes on."""

import time
from dataclasses import replace

import pytest

from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneChoice, MicrophoneState
from scribe_desktop.services.opening import Opened, Whereabouts
from scribe_desktop.services.source import Block, Ended, Heard, Missed
from scribe_desktop.services.watched_microphone import WatchedMicrophone
from tests.services.scripted_devices import FakeClock, ScriptedDevices, ScriptedStream

DESK = MicrophoneChoice("pulse:desk", "Desk", is_default=True)
HEADSET = MicrophoneChoice("pulse:headset", "Headset")
BOTH = frozenset({"pulse:desk", "pulse:headset"})
S = MicrophoneState


class Room:
    """A microphone in use, with everything it said and when."""

    def __init__(
        self, *plugged: MicrophoneChoice, wanted: str = "", ready: ScriptedStream | None = None
    ) -> None:
        self.clock = FakeClock() if ready is None else ready.clock
        self.devices = ScriptedDevices(self.clock, list(plugged))
        self.microphone = WatchedMicrophone(
            self.devices,
            wanted,
            ready=Opened(ready, plugged[0]) if ready else None,
            clock=self.clock,
            boot=self.clock.boot,
            rest=self.clock.rest,
        )
        self.heard: list[tuple[float, Heard]] = []
        self.microphone.open()

    def go_on(self, duration_s: float) -> "Room":
        """Look ten times a second, as the recorder does."""
        until = self.clock.now + duration_s
        while self.clock.now < until:
            before = self.clock.now
            for heard in self.microphone.read(0.1):
                self.heard.append((self.clock.now, heard))
            # Waiting for nothing takes its time too.
            self.clock.now = max(self.clock.now, before + 0.1)
        return self

    def said_last(self) -> S:
        return self.states[-1]

    @property
    def states(self) -> list[S]:
        return [h.state for _, h in self.heard if isinstance(h, MicrophoneChanged)]

    def said_at(self, state: S) -> float:
        for at, heard in self.heard:
            if isinstance(heard, MicrophoneChanged) and heard.state is state:
                return at
        raise AssertionError(f"{state} was not said")

    @property
    def missed(self) -> list[Missed]:
        return [h for _, h in self.heard if isinstance(h, Missed)]

    @property
    def blocks(self) -> int:
        return sum(isinstance(h, Block) for _, h in self.heard)

    @property
    def has_ended(self) -> bool:
        return any(isinstance(h, Ended) for _, h in self.heard)


def test_heard_is_said_with_the_first_block_and_once() -> None:
    room = Room(DESK).go_on(2.0)
    assert room.states == [S.OPENING, S.HEARD]
    assert isinstance(room.heard[1][1], Block)
    assert room.missed == []


def test_no_microphone_at_all_is_said_and_ends_it() -> None:
    room = Room().go_on(0.3)
    assert room.states[:2] == [S.OPENING, S.LOST]
    assert room.has_ended


def test_a_missing_one_is_replaced_and_told() -> None:
    room = Room(DESK, wanted="pulse:gone").go_on(1.0)
    assert room.states == [S.OPENING, S.REPLACED]
    (told,) = [
        h for _, h in room.heard if isinstance(h, MicrophoneChanged) and h.state is S.REPLACED
    ]
    assert "missing" in told.message
    assert told.name == "Desk"


def test_a_stall_is_said_within_a_second_and_the_same_one_is_opened_again() -> None:
    room = Room(DESK).go_on(1.0)
    stalled_at = room.clock.now
    room.devices.stream.flowing = False
    room.go_on(3.0)
    assert room.said_at(S.STALLED) - stalled_at <= 1.0
    assert room.devices.asked == [("", ()), ("", ())]
    assert room.devices.streams[0].closed
    assert room.said_last() is S.HEARD
    (gap,) = room.missed
    assert 1.0 < gap.seconds < 2.0


def test_one_that_stalls_again_gives_way_to_the_other() -> None:
    room = Room(DESK, HEADSET).go_on(0.5)
    room.devices.stream.flowing = False
    room.go_on(1.3)
    room.devices.stream.flowing = False
    room.go_on(6.0)
    assert room.devices.asked[-1] == ("", ("pulse:desk",))
    assert room.said_last() is S.REPLACED


def test_sound_that_was_held_back_and_comes_is_no_gap() -> None:
    room = Room(DESK).go_on(1.0)
    room.devices.stream.flowing = False
    room.devices.stream.held_back = True
    room.go_on(0.9)
    room.devices.stream.flowing = True
    room.go_on(2.0)
    assert S.STALLED in room.states
    assert room.said_last() is S.HEARD
    assert room.missed == []


def test_sound_that_never_comes_is_a_gap_where_it_was() -> None:
    room = Room(DESK).go_on(1.0)
    room.devices.stream.flowing = False
    room.go_on(0.8)
    room.devices.stream.flowing = True
    room.go_on(2.0)
    (gap,) = room.missed
    assert gap.seconds == pytest.approx(0.8, abs=0.15)
    assert 0.3 <= gap.ago_s <= 0.7
    assert room.devices.asked == [("", ())]


@pytest.mark.parametrize(
    ("sound", "state", "within_s"),
    [(0.0, S.SILENT, 1.0), (1.0, S.CLIPPING, 0.3), (0.0001, S.TOO_QUIET, 15.5)],
)
def test_what_is_wrong_with_the_sound_is_said_and_taken_back(
    sound: float, state: S, within_s: float
) -> None:
    room = Room(DESK).go_on(1.0)
    wrong_at = room.clock.now
    room.devices.stream.sound = sound
    room.go_on(within_s + 0.5)
    assert room.said_at(state) - wrong_at <= within_s
    room.devices.stream.sound = 0.1
    room.go_on(3.0)
    assert room.said_last() is S.HEARD
    assert room.missed == []


def test_too_quiet_from_the_beginning_is_said_soon() -> None:
    room = Room(DESK)
    room.go_on(0.1)
    room.devices.stream.sound = 0.0001
    room.go_on(19.0)
    assert S.TOO_QUIET in room.states


def test_a_stream_that_the_system_ended_is_lost_and_opened_again() -> None:
    room = Room(DESK).go_on(0.5)
    ended_at = room.clock.now
    room.devices.stream.ended = True
    room.go_on(1.0)
    assert room.said_at(S.LOST) - ended_at <= 0.3
    assert room.said_last() is S.HEARD


def test_moved_to_a_monitor_it_is_lost_at_once_and_the_other_goes_on() -> None:
    room = Room(DESK, HEADSET)
    room.devices.where = Whereabouts(DESK, stream=1, others=BOTH)
    room.go_on(1.0)
    monitor = MicrophoneChoice("pulse:speaker.monitor", "Monitor")
    room.devices.plugged = [HEADSET]
    room.devices.where = Whereabouts(monitor, stream=1, is_monitor=True)
    unplugged_at = room.clock.now
    room.go_on(1.0)
    assert room.said_at(S.LOST) - unplugged_at <= 0.2
    assert room.said_at(S.REPLACED) - unplugged_at <= 1.0
    assert room.said_last() is S.REPLACED
    assert len(room.missed) == 1
    # The system still tells of the old stream for a moment: that loses nothing anew.
    assert len(room.devices.asked) == 2
    assert room.devices.asked[-1] == ("", ("pulse:desk",))


def test_unplugged_and_moved_to_another_microphone_by_the_system_it_is_told() -> None:
    room = Room(DESK, HEADSET)
    room.devices.where = Whereabouts(DESK, stream=1, others=BOTH)
    room.go_on(1.0)
    room.devices.plugged = [HEADSET]
    room.devices.where = Whereabouts(HEADSET, stream=1, others=frozenset({"pulse:headset"}))
    room.go_on(1.0)
    assert room.states[-2:] == [S.LOST, S.REPLACED]


def test_moved_by_the_clinician_in_the_sound_settings_it_goes_on_and_is_told() -> None:
    room = Room(DESK, HEADSET)
    room.devices.where = Whereabouts(DESK, stream=1, others=BOTH)
    room.go_on(1.0)
    room.devices.where = replace(room.devices.where, choice=HEADSET)
    room.go_on(1.0)
    assert room.states == [S.OPENING, S.HEARD, S.REPLACED]
    assert len(room.devices.streams) == 1
    assert room.missed == []


def test_the_only_one_unplugged_is_waited_for_and_goes_on() -> None:
    room = Room(DESK).go_on(1.0)
    room.devices.stream.ended = True
    room.devices.plugged = []
    room.go_on(5.0)
    assert room.said_last() is S.LOST
    assert not room.has_ended
    room.devices.plugged = [HEADSET]
    room.go_on(2.0)
    assert room.said_last() is S.REPLACED
    (gap,) = room.missed
    assert 5.0 < gap.seconds < 7.0


def test_the_only_one_unplugged_and_then_stopped_leaves_a_gap_up_to_the_end() -> None:
    room = Room(DESK).go_on(1.0)
    room.devices.stream.ended = True
    room.devices.plugged = []
    room.go_on(5.0)
    assert room.missed == []
    room.microphone.stop()
    room.go_on(0.1)
    assert room.has_ended
    (gap,) = room.missed
    assert gap.seconds == pytest.approx(5.0, abs=0.3)


def test_a_pause_without_a_microphone_is_no_part_of_the_gap() -> None:
    room = Room(DESK).go_on(1.0)
    room.devices.stream.ended = True
    room.devices.plugged = []
    room.go_on(3.0)
    room.microphone.pause()
    room.go_on(60.0)
    room.microphone.resume()
    room.devices.plugged = [DESK]
    room.go_on(3.0)
    assert sum(gap.seconds for gap in room.missed) < 6.0
    assert room.missed[0].seconds == pytest.approx(3.0, abs=0.3)


def test_a_sound_system_that_hangs_is_told_and_not_waited_for() -> None:
    room = Room(DESK)
    room.microphone.close()
    clock = FakeClock()
    devices = ScriptedDevices(clock, [DESK], hangs=True)
    microphone = WatchedMicrophone(devices, clock=clock, boot=clock.boot)
    microphone.open()
    microphone.read(0.001)
    clock.now += 3.0
    (told,) = microphone.read(0.001)
    assert isinstance(told, MicrophoneChanged)
    assert told.state is S.STALLED
    assert "does not answer" in told.message
    microphone.stop()
    assert isinstance(microphone.read(0.001)[-1], Ended)
    microphone.close()
    # When it wakes after all, the stream nobody wants any more is closed.
    devices.answer(devices.pending[0])
    assert devices.stream.closed


def test_a_sound_system_that_wakes_begins_to_record() -> None:
    clock = FakeClock()
    devices = ScriptedDevices(clock, [DESK], hangs=True)
    microphone = WatchedMicrophone(devices, clock=clock, boot=clock.boot)
    microphone.open()
    microphone.read(0.001)
    clock.now += 3.0
    microphone.read(0.001)
    devices.answer(devices.pending[0])
    heard = [*microphone.read(0.1), *microphone.read(0.1)]
    assert any(isinstance(h, Block) for h in heard)


def test_a_source_that_never_gives_a_block_is_opened_again() -> None:
    room = Room(DESK)
    room.go_on(0.0)
    room.microphone.read(0.0)
    room.devices.stream.flowing = False
    room.go_on(4.5)
    assert S.STALLED in room.states
    assert len(room.devices.asked) == 2


def test_pause_keeps_the_microphone_open_and_gives_nothing() -> None:
    room = Room(DESK).go_on(1.0)
    room.microphone.pause()
    room.go_on(0.2)
    before = room.blocks
    room.go_on(3.0)
    assert room.blocks == before
    room.microphone.resume()
    room.go_on(1.0)
    assert room.blocks > before + 40
    assert room.missed == []
    assert len(room.devices.streams) == 1


def test_a_microphone_lost_in_a_pause_is_back_before_it_ends() -> None:
    room = Room(DESK, HEADSET).go_on(1.0)
    room.microphone.pause()
    room.go_on(0.5)
    room.devices.stream.ended = True
    room.devices.plugged = [HEADSET]
    room.go_on(2.0)
    assert S.REPLACED in room.states
    room.microphone.resume()
    room.go_on(1.0)
    assert room.missed == []


def test_stop_gives_the_sound_that_is_on_its_way() -> None:
    room = Room(DESK).go_on(1.0)
    before, pressed_at = room.blocks, room.clock.now
    room.microphone.stop()
    room.go_on(0.5)
    assert room.has_ended
    given_s = (room.blocks - before) * 0.02
    assert 0.02 <= given_s <= 0.1
    assert next(at for at, h in room.heard if isinstance(h, Ended)) - pressed_at <= 0.3


def test_sleep_of_the_computer_is_a_gap() -> None:
    room = Room(DESK).go_on(1.0)
    room.clock.slept_s = 600.0
    room.go_on(1.0)
    (gap,) = room.missed
    assert gap.seconds == pytest.approx(600.0)
    assert "asleep" in gap.reason


def test_a_clock_of_the_wall_that_is_set_is_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    room, wall = Room(DESK).go_on(1.0), time.time()
    for by_s in (86_400.0, -86_400.0):
        monkeypatch.setattr(time, "time", lambda by_s=by_s: wall + by_s)
        room.go_on(1.0)
    assert room.missed == []


def test_a_ready_microphone_is_not_opened_again() -> None:
    stream = ScriptedStream(FakeClock())
    room = Room(DESK, ready=stream).go_on(0.5)
    assert room.devices.asked == []
    assert room.states == [S.OPENING, S.HEARD]
    room.microphone.close()
    assert stream.closed


def test_closed_is_told_once_to_whoever_keeps_it_ready() -> None:
    told: list[str] = []
    clock = FakeClock()
    microphone = WatchedMicrophone(
        ScriptedDevices(clock, [DESK]), clock=clock, on_closed=lambda: told.append("closed")
    )
    microphone.open()
    microphone.close()
    microphone.close()
    assert told == ["closed"]
