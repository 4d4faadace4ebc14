"""One delivery with every fault at every step, and many pairs of them: systematic, not random."""

import itertools
from collections.abc import Callable, Iterator

from scribe_desktop.domain.results import Outcome
from tests.domain.world import Core, Fate, World

_STRIDE = 15_485_863

Action = Callable[[World], object]


def hear(world: World) -> None:
    if world.session.capture is world.core.session.Capture.STARTING:
        world.apply(world.core.events.SpeechStarted(world.now))


def pause(world: World) -> None:
    if world.session.capture is world.core.session.Capture.RECORDING:
        world.apply(world.core.events.Paused())


def resume(world: World) -> None:
    if world.session.capture is world.core.session.Capture.PAUSED:
        world.apply(world.core.events.Resumed())


def stop(world: World) -> None:
    if world.session.capture is not world.core.session.Capture.STOPPED:
        world.apply(world.core.events.Stopped(world.now))


def speak(world: World) -> None:
    world.speak(1)


def speak_long(world: World) -> None:
    world.speak(3)


def work(world: World) -> None:
    world.now += 6.0
    world.work()


def cancel(world: World) -> None:
    world.apply(world.core.events.Cancelled(world.now))


def restore(world: World) -> None:
    if world.session.is_cancelled:
        world.apply(world.core.events.Restored())


def cancel_and_restore(world: World) -> None:
    cancel(world)
    restore(world)


def cancel_withdraw_restore(world: World) -> None:
    cancel(world)
    work(world)
    world.be_hostile()
    restore(world)


def cancel_again_after_restore(world: World) -> None:
    cancel_withdraw_restore(world)
    work(world)
    cancel(world)


def result_after_cancel(world: World) -> None:
    """The answer to a poll arrives when the session was already withdrawn, then restored."""
    session = world.core.session
    if world.session.delivery is not session.Delivery.ENDED:
        return
    remote_id = world.session.remote.remote_id
    cancel(world)
    work(world)
    world.apply(world.core.events.Resolved(world.now, Outcome.COMPLETED, remote_id))
    restore(world)


def forget(world: World) -> None:
    world.service.sessions.clear()


def take_no_webm(world: World) -> None:
    world.service.refused_forms.add("webm")


def take_only_small_files(world: World) -> None:
    world.service.least_pieces = 4


def lose_a_file(world: World) -> None:
    """The next one is acknowledged, and counted only when End asks for it."""
    world.service.files_to_lose += 1


def ignore_an_end(world: World) -> None:
    world.service.ends_to_ignore += 1


def be_late(world: World) -> None:
    """The status says once more that the session goes on, after its End."""
    world.service.late_statuses += 1


def release(world: World) -> None:
    if not world.resolved:
        world.apply(world.core.events.Released())


def going_wrong(fate: Fate, *, then_release: bool = False) -> Action:
    def work_goes_wrong(world: World) -> None:
        world.now += 6.0
        world.work(fate)
        if then_release:
            release(world)

    return work_goes_wrong


SCRIPT: tuple[Action, ...] = (
    *(work, hear, work, speak, work, pause, speak, work, resume, speak_long, work, work),
    *(stop, work, work, work, work, work, work, work, work),
)
EMPTY: tuple[Action, ...] = (hear, work, stop, work, work)
TYPED: tuple[Action, ...] = (work, work, work, work)

FAULTS: tuple[Action, ...] = (
    *(going_wrong(fate) for fate in Fate if fate is not Fate.HEALTHY),
    going_wrong(Fate.SIGNED_OUT, then_release=True),
    going_wrong(Fate.LOST_REPLY, then_release=True),
    *(
        result_after_cancel,
        cancel_again_after_restore,
        cancel,
        cancel_and_restore,
        cancel_withdraw_restore,
        forget,
        take_no_webm,
        take_only_small_files,
        lose_a_file,
        ignore_an_end,
        be_late,
        World.crash,
        World.note_gap,
    ),
)


def check_fault_matrix(core: Core, *, every: int = 1) -> int:
    """Run it; raises AssertionError at the first broken promise. Returns how many runs."""
    runs = 0
    for script, faults in plans(every):
        world = World(core, typed=script is TYPED)
        for position, action in enumerate(script):
            for at, fault in faults:
                if at == position:
                    fault(world)
                    world.be_hostile()
            action(world)
            world.be_hostile()
        world.must_resolve()
        runs += 1
    return runs


def plans(every: int) -> Iterator[tuple[tuple[Action, ...], tuple[tuple[int, Action], ...]]]:
    """The healthy runs, each single fault, and every so-many-th pair."""
    for script in (EMPTY, TYPED, SCRIPT):
        yield script, ()
        singles = list(itertools.product(range(len(script)), FAULTS))
        for one in singles:
            yield script, (one,)
        pairs = list(itertools.combinations(singles, 2))
        # A long stride mixes them, so that a broken core is caught early.
        for number in range(len(pairs) // every):
            yield script, pairs[number * _STRIDE % len(pairs)]
