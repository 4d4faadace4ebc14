"""The small rules: records, waiting times, settings, retention, the audit chain."""

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain import audio
from scribe_desktop.domain.audit import (
    NO_LINE,
    PROGRAM,
    AuditLine,
    Head,
    clinician,
    deeds,
    doer,
    first_break,
    seal_line,
)
from scribe_desktop.domain.errors import Retry, ScribeError, ServiceError, SettingsError, place_of
from scribe_desktop.domain.notices import Level
from scribe_desktop.domain.offer import ModelOffer, Offer
from scribe_desktop.domain.order import MAX_TEMPLATES, Order, Patient, ServiceRef, UploadType
from scribe_desktop.domain.record import (
    order_record,
    read_order,
    read_results,
    read_session,
    results_record,
    session_record,
)
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.schedule import (
    LONGEST_RETRY_AFTER_S,
    LONGEST_RETRY_S,
    poll_delay_s,
    retry_delay_s,
)
from scribe_desktop.domain.session import Problem, Session, SessionId
from scribe_desktop.domain.settings import (
    Profile,
    Settings,
    Theme,
    read_settings,
    settings_record,
    with_value,
)

quick = settings(derandomize=True, database=None, deadline=None, max_examples=100)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


# --- audio, offers, errors ----------------------------------------------------------------


def test_a_second_of_sound_is_32000_bytes() -> None:
    assert audio.seconds(16_000) == 1.0
    assert audio.frames_in(b"\0" * 32_000) == 16_000


def test_an_offer_knows_its_models() -> None:
    offer = Offer("x", models=(ModelOffer("lite", "Lite"), ModelOffer("pro", "Pro")))
    assert offer.model("pro") == ModelOffer("pro", "Pro")
    assert offer.model("max") is None
    assert Level().rms_dbfs == -120.0


def test_an_error_is_its_sentence_and_its_remedy() -> None:
    assert str(ScribeError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(ScribeError("It broke.")) == "It broke."
    error = ServiceError("Away.", retry=Retry.LATER, status=503, code="busy", retry_after_s=2.0)
    assert (error.retry, error.status, error.code, error.retry_after_s) == ("later", 503, "busy", 2)


def test_an_order_has_at_most_two_templates() -> None:
    with pytest.raises(ValueError, match="at most"):
        Order(templates=("a",) * (MAX_TEMPLATES + 1))


def test_a_patient_is_empty_until_something_is_known() -> None:
    assert Patient().is_empty
    for one in fields(Patient):
        assert not Patient(**{one.name: "x"}).is_empty
    assert ServiceRef().is_local
    assert not ServiceRef("EkaScribe").is_local


# --- records ------------------------------------------------------------------------------

ORDERS = st.builds(
    Order,
    templates=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    languages=st.lists(st.sampled_from(["en", "hi"]), max_size=2).map(tuple),
    transcript_language=st.none() | st.just("en"),
    patient=st.builds(Patient, name=st.text(max_size=5)),
    additional=st.dictionaries(st.text(max_size=5), JSON, max_size=2),
)
RESULTS = st.builds(
    Results,
    outcome=st.sampled_from(Outcome),
    transcript=st.none() | st.text(),
    notes=st.lists(st.builds(Note, st.text(), st.sampled_from(NoteStatus), JSON), max_size=2).map(
        tuple
    ),
    errors=st.lists(st.text(), max_size=2).map(tuple),
)


@quick
@given(ORDERS, RESULTS)
def test_orders_and_results_come_back_from_json(order: Order, results: Results) -> None:
    assert read_order(json.loads(json.dumps(order_record(order)))) == order
    assert read_results(json.loads(json.dumps(results_record(results)))) == results


def test_a_record_of_an_older_version_means_the_defaults() -> None:
    session = Session(SessionId("5e55"), 1.0, Order())
    full = session_record(session)
    needed = ("session_id", "created_at", "order", "capture", "delivery")
    assert read_session({key: full[key] for key in needed}) == session
    assert read_order({}) == Order()
    assert read_results({"outcome": "failed"}) == Results(Outcome.FAILED)


def test_a_problem_and_a_predecessor_come_back() -> None:
    session = Session(
        SessionId("5e55"), 1.0, Order(), problem=Problem("m", "r", Retry.NEVER),
        follows=SessionId("5e54"),
    )  # fmt: skip
    assert read_session(json.loads(json.dumps(session_record(session)))) == session


@quick
@given(JSON)
def test_a_damaged_record_is_refused_in_three_ways_only(record: Any) -> None:
    session = session_record(Session(SessionId("5e55"), 1.0, Order()))
    for whole in (record, [record]):
        with pytest.raises((KeyError, TypeError)):
            read_session(whole)  # type: ignore[arg-type]
    for name in session:
        damaged = session | {name: record}
        try:
            read_session(damaged)
        except (KeyError, TypeError, ValueError):
            continue


# --- waiting ------------------------------------------------------------------------------


def test_the_wait_grows_to_five_minutes_and_stays_there() -> None:
    waits = [retry_delay_s(attempt, spread=0.0) for attempt in range(1, 12)]
    assert waits == [1, 2, 4, 8, 15, 30, 60, 120, 300, 300, 300]
    assert retry_delay_s(0, spread=0.0) == 1.0
    assert retry_delay_s(10_000, spread=1.0) == LONGEST_RETRY_S * 1.25
    assert retry_delay_s(1, spread=7.0) == 1.25


@quick
@given(st.integers(-5, 10**9), st.floats(0, 1), st.none() | st.floats(-1e9, 1e12))
def test_a_wait_is_never_shorter_than_asked_nor_without_end(
    attempts: int, spread: float, asked: float | None
) -> None:
    wait = retry_delay_s(attempts, spread=spread, retry_after_s=asked)
    assert 1.0 <= wait <= LONGEST_RETRY_AFTER_S
    assert wait >= min(asked or 0.0, LONGEST_RETRY_AFTER_S)


def test_polling_begins_quick_and_becomes_patient() -> None:
    assert poll_delay_s(0, 0.0) == 1.0
    assert poll_delay_s(0, 0.4) == pytest.approx(0.6)
    assert poll_delay_s(29.9, 14.0) == 0.2
    assert poll_delay_s(30, 0.0) == 2.0
    assert poll_delay_s(120, 0.0) == 5.0
    assert poll_delay_s(1e9, 0.0, retry_after_s=9.0) == 9.0
    assert poll_delay_s(0, 0.0, retry_after_s=0.1) == 1.0
    assert math.isfinite(poll_delay_s(0, 0.0, retry_after_s=math.inf))


# --- settings -----------------------------------------------------------------------------


def test_only_what_differs_is_written_and_all_of_it_comes_back() -> None:
    chosen = replace(
        Settings(), theme=Theme.DARK, languages=("hi", "en"), keep_audio_hours=0,
        device_buttons={"a": "stop"}, profiles=(Profile("Clinic", "https://scribe.example"),),
        cue_sounds=False, microphone="USB",
    )  # fmt: skip
    record = json.loads(json.dumps(settings_record(chosen)))
    assert set(record) == {
        "theme", "languages", "keep_audio_hours", "device_buttons", "profiles", "cue_sounds",
        "microphone",
    }  # fmt: skip
    assert read_settings(record) == (chosen, ())
    assert settings_record(Settings()) == {}


def test_a_service_profile_is_found_by_its_name() -> None:
    assert Settings().profile("EkaScribe") is not None
    assert Settings().profile("nobody") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("theme", 3),
        ("cue_sounds", 1),
        ("cue_sounds", "true"),
        ("keep_audio_hours", -1),
        ("keep_audio_hours", True),
        ("keep_audio_hours", 10**9),
        ("keep_audio_hours", "1"),
        ("microphone", None),
        ("languages", "en"),
        ("languages", [1]),
        ("languages", 1),
        ("templates", ["a", "b", "c"]),
        ("templates", 1),
        ("device_buttons", "abc"),
        ("device_buttons", {"a": 1}),
        ("device_buttons", None),
        ("profiles", [{"name": "x"}]),
        ("profiles", [{"name": 1, "base_url": 2}]),
        ("profiles", ["x"]),
        ("profiles", [{"name": "x", "base_url": "https://x.example", "reply_within_s": 9}]),
        ("profiles", [{"name": "x", "base_url": "https://x.example", "reply_within_s": 301}]),
        ("profiles", [{"name": "x", "base_url": "https://x.example", "reply_within_s": True}]),
        ("profiles", [{"name": "x", "base_url": "https://x.example", "upload_type": "pigeon"}]),
        ("profiles", {"name": "x"}),
        ("profiles", 1),
        ("profile", {}),
        ("nothing", 1),
        ("__class__", 1),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_a_sentence(name: str, value: Any) -> None:
    with pytest.raises(SettingsError):
        with_value(Settings(), name, value)
    kept, complaints = read_settings({name: value, "theme": "dark"} | {name: value})
    assert len(complaints) == (name in {one.name for one in fields(Settings)})
    assert name == "theme" or kept == replace(Settings(), theme=Theme.DARK)


@quick
@given(st.dictionaries(st.sampled_from([one.name for one in fields(Settings)]), JSON))
def test_no_settings_file_keeps_the_program_from_starting(record: dict[str, Any]) -> None:
    kept, complaints = read_settings(record)
    assert len(complaints) <= len(record)
    assert read_settings(json.loads(json.dumps(settings_record(kept)))) == (kept, ())


def test_values_of_our_own_types_are_taken() -> None:
    profile = Profile("Clinic", "https://scribe.example")
    assert with_value(Settings(), "profiles", (profile,)).profiles == (profile,)
    streamed = with_value(
        Settings(), "profiles",
        [{"name": "Clinic", "base_url": "https://scribe.example", "upload_type": "stream"}],
    )  # fmt: skip
    assert streamed.profiles == (replace(profile, upload_type=UploadType.STREAM),)
    assert with_value(Settings(), "templates", ("a", "b")).templates == ("a", "b")


def test_a_place_names_module_line_and_function_and_no_words() -> None:
    def fail() -> None:
        raise KeyError("Vogelsang")

    with pytest.raises(KeyError) as caught:
        fail()
    assert place_of(caught.tb) == f"{__name__}:{fail.__code__.co_firstlineno + 1} in fail"
    assert place_of(None) == "an unknown place"


# --- the audit chain ----------------------------------------------------------------------


def chain(count: int) -> list[AuditLine]:
    lines: list[AuditLine] = []
    for number in range(1, count + 1):
        previous = lines[-1].digest if lines else NO_LINE
        lines.append(
            seal_line(previous, number=number, at=float(number), action="x", session_id="5e")
        )
    return lines


def test_a_whole_chain_has_no_break() -> None:
    assert first_break([]) is None
    assert first_break(chain(5)) is None


def test_who_is_sealed_and_a_line_without_it_keeps_its_digest() -> None:
    old = seal_line(NO_LINE, number=1, at=1.0, action="created", session_id="5e")
    assert old.digest == "97aab25ef8169ad7f52cdcd8090d9a4c4e0a5eed929dd3ecb9662a7847fd5c8d"
    new = seal_line(old.digest, number=2, at=2.0, action="deleted", who="clinician")
    assert first_break([old, new]) is None
    assert first_break([old, replace(new, who=PROGRAM)]) == 2
    assert first_break([old, replace(new, who="")]) == 2


def test_lines_cut_off_or_put_on_at_the_end_do_not_fit_the_head() -> None:
    lines = chain(5)
    head = Head(5, lines[-1].digest)
    assert first_break(lines, head) is None
    assert first_break([], Head(0, NO_LINE)) is None
    assert first_break(lines[:3], head) == 4
    assert first_break([], head) == 1
    assert first_break(lines, Head(3, lines[2].digest)) == 4
    others = [seal_line(NO_LINE, number=1, at=9.0, action="y")]
    assert first_break(others, Head(1, lines[0].digest)) == 1


def test_an_account_is_told_by_its_id_and_what_the_program_does_by_itself_is_its_own() -> None:
    clinic = ServiceRef("Clinic", "https://scribe.example", account="dr.vogelsang@clinic.example")
    assert clinician(ServiceRef()) == "clinician"
    assert clinician(clinic).startswith("clinician ")
    assert "vogelsang" not in clinician(clinic)
    assert clinician(replace(clinic, account="dr.drossel")) != clinician(clinic)
    session = Session(SessionId("5e55"), 1.0, Order(service=clinic))
    assert doer("discarded", session) == clinician(clinic)
    assert doer("result stored", session) == PROGRAM


def test_a_line_altered_left_out_swapped_or_put_in_breaks_the_chain() -> None:
    lines = chain(5)
    assert first_break([*lines[:2], replace(lines[2], action="y"), *lines[3:]]) == 3
    assert first_break([*lines[:2], *lines[3:]]) == 3
    assert first_break(lines[1:]) == 1
    assert first_break([lines[1], lines[0], *lines[2:]]) == 1
    assert first_break([*lines, lines[4]]) == 6


def test_the_speakers_own_words_go_to_this_computer_only() -> None:
    settings = Settings(vocabulary=tuple(f"word{number}" for number in range(40)))
    sent = settings.additional_for(ServiceRef())
    assert sent == {"vocabulary": [f"word{number}" for number in range(30)]}
    assert settings.additional_for(ServiceRef("EkaScribe", "https://api.eka.care")) == {}
    assert Settings().additional_for(ServiceRef()) == {}


def test_a_step_of_delivery_is_no_deed_and_a_lapse_is_one() -> None:
    session = Session(SessionId("5e55"), 1.0, Order())
    assert deeds(None, session) == ("created",)
    assert deeds(session, replace(session, accepted=1, attempts=3)) == ()
    assert deeds(session, replace(session, generation=1)) == ("to be sent anew",)
    assert deeds(session, replace(session, withdrawn=True)) == ("withdrawn from the service",)
