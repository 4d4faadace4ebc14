"""What always holds of a session (domain/machine.py says it), whatever happens in any order."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from scribe_desktop.domain import chunker, events, machine, record, session, steps
from tests.domain.fault_matrix import check_fault_matrix
from tests.domain.machine import machine_for
from tests.domain.world import Core

REAL = Core(session, events, machine, steps, record, chunker)


# The machine below and every step's own tests count the same lines; counting doubles the time.
@pytest.mark.no_cover
def test_every_fault_at_every_step_and_many_pairs_of_them_end_well() -> None:
    assert check_fault_matrix(REAL, every=60) > 800


def test_a_session_keeps_its_promises_whatever_happens() -> None:
    run_state_machine_as_test(
        machine_for(REAL),
        settings=settings(
            max_examples=150,
            stateful_step_count=50,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
