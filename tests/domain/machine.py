"""The property test of the whole delivery: healthy, faulty and hostile rules kept apart."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from scribe_desktop.domain.order import Order, Patient
from tests.domain.world import Core, Fate, World


class DeliveryMachine(RuleBasedStateMachine):
    """Drives `core`, which `machine_for` sets."""

    core: Core

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.core)

    @property
    def events(self) -> Any:
        return self.core.events

    @property
    def state(self) -> Any:
        return self.world.session

    def is_capturing(self, *captures: str) -> bool:
        return self.state.capture.value in captures

    # Some are made of a text: then the microphone never runs.
    @initialize(typed=st.sampled_from([False, False, False, True]))
    def begin(self, typed: bool) -> None:  # noqa: FBT001  drawn by name
        self.world = World(self.core, typed=typed)

    # --- healthy -----------------------------------------------------------------

    @precondition(lambda self: self.is_capturing("starting"))
    @rule()
    def the_microphone_is_heard(self) -> None:
        self.world.apply(self.events.SpeechStarted(self.world.now))

    # Several at once: most faults show only when many chunks wait.
    @precondition(lambda self: self.is_capturing("recording", "paused"))
    @rule(chunks=st.integers(1, 6))
    def speak(self, chunks: int) -> None:
        self.world.speak(chunks)

    @precondition(lambda self: self.is_capturing("recording", "paused"))
    @rule()
    def pause_or_resume(self) -> None:
        was_recording = self.is_capturing("recording")
        self.world.apply(self.events.Paused() if was_recording else self.events.Resumed())

    # A long dictation is likelier than a short one, as in a clinic.
    @precondition(lambda self: self.state.chunks > 4 or self.is_capturing("starting"))
    @precondition(lambda self: not self.is_capturing("stopped"))
    @rule()
    def stop(self) -> None:
        self.world.apply(self.events.Stopped(self.world.now))

    # Most faults live late in a delivery, so a rule may go a long way at once.
    @precondition(lambda self: self.is_capturing("starting"))
    @rule(chunks=st.integers(1, 6))
    def dictate(self, chunks: int) -> None:
        self.the_microphone_is_heard()
        self.world.speak(chunks)
        self.stop()

    @rule(steps=st.integers(1, 8))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self.world.now += 2.0
            self.world.work()

    @rule(seconds=st.sampled_from([0.5, 5.0, 3600.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.world.now += seconds
        self.world.check()

    @rule()
    def amend(self) -> None:
        self.world.apply(self.events.OrderAmended(Order(patient=Patient(name="X"))))

    # --- faulty ------------------------------------------------------------------

    @rule(fate=st.sampled_from([fate for fate in Fate if fate is not Fate.HEALTHY]))
    def work_goes_wrong(self, fate: Fate) -> None:
        self.world.now += 2.0
        self.world.work(fate)

    @rule()
    def crash(self) -> None:
        self.world.crash()

    @rule()
    def the_service_forgets_everything(self) -> None:
        self.world.service.sessions.clear()

    @rule()
    def the_service_takes_no_webm_any_more(self) -> None:
        self.world.service.refused_forms.add("webm")

    @rule(pieces=st.sampled_from([2, 4]))
    def the_service_takes_only_small_files(self, pieces: int) -> None:
        self.world.service.least_pieces = pieces

    @precondition(lambda self: not self.world.resolved)
    @rule()
    def the_network_is_back(self) -> None:
        self.world.apply(self.events.Released())

    @rule()
    def note_a_gap(self) -> None:
        self.world.note_gap()

    @rule()
    def cancel(self) -> None:
        self.world.apply(self.events.Cancelled(self.world.now))

    @precondition(lambda self: self.state.is_cancelled)
    @rule()
    def restore(self) -> None:
        self.world.apply(self.events.Restored())

    # --- hostile -----------------------------------------------------------------

    @rule()
    def everything_illegal_is_refused(self) -> None:
        self.world.be_hostile()

    def teardown(self) -> None:
        self.world.must_resolve()


def machine_for(core: Core) -> type[RuleBasedStateMachine]:
    """The state machine that drives `core`."""
    return type("DeliveryMachine", (DeliveryMachine,), {"core": core})
