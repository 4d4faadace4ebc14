"""Writes what the fault harness measured for someone who decides whether to trust the program."""

from collections.abc import Iterator, Mapping
from typing import Any

LATE_MS = 50

COUNTED = ("compared_bytes", "lost_bytes", "completed")
"""What the tests of a suite may count, beside how often they tried (tests/faults/tally.py)."""


def broken(measured: Mapping[str, Any]) -> list[str]:
    """Every promise that was not kept, in words."""
    return [words for part, look in _BROKEN.items() if part in measured for words in look(measured)]


def report(measured: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the report."""
    yield "# What was done to the program, and what was lost"
    yield ""
    yield "Written by `python3 packaging/test.py --faults` from `faults.json`; not edited by hand."
    faults = broken(measured)
    yield ""
    yield (
        "**Nothing was lost.**" if not faults else f"**Promises that were broken: {len(faults)}.**"
    )
    yield ""
    if faults:
        yield from (f"- {fault}" for fault in faults)
        yield ""
    yield from _summary(measured)
    for part, write in _PARTS.items():
        if part in measured:
            yield from write(measured[part])


def _summary(measured: Mapping[str, Any]) -> Iterator[str]:
    yield "| part | measured at | on | took |"
    yield "|---|---|---|---|"
    for part in _PARTS:
        if part in measured:
            one = measured[part]
            yield f"| {part} | {one['at']} | {one['machine']} | {one['minutes']:.0f} min |"
        else:
            yield f"| {part} | not yet | | |"
    yield ""


def _table(rows: Mapping[str, object]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {name} | {value} |"
    yield ""


# --- the parts ----------------------------------------------------------------------------------


def _kills(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["found"]
    yield f"## `kill -9` of the real program: {found['dictations']} dictations"
    yield ""
    yield from _table(
        {
            "of these recorded in the real window and opened again": found["in_window"],
            "kills, restarts included": found["kills"],
            "kills that hit a living program": found["hits"],
            "completed by themselves after the restart": (
                f"{found['completed']} of {found['dictations']}"
            ),
            "chunks sealed before the kill": found["sealed_before"],
            "sealed chunks compared with the service's own store": found["chunks"],
            "bytes compared: tails, chunks here, chunks at the service": found["compared_bytes"],
            "bytes lost of what was on disk": found["lost_bytes"],
            "Ends that reached the service, each dictation once": found["ends"],
            "speech missing at the end: median": f"{found['missing_median_s']:.2f} s",
            "speech missing at the end: worst": f"{found['missing_worst_s']:.2f} s",
            "worst signal to noise ratio of a chunk": f"{found['worst_snr_db']} dB",
        }
    )
    yield "| killed while it was | times | completed |"
    yield "|---|---|---|"
    for phase, (times, completed) in found["died_in"].items():
        yield f"| {phase} | {times} | {completed} |"
    yield ""


LEAST_KILLS = 200


def _kills_broken(measured: Mapping[str, Any]) -> Iterator[str]:
    found = measured["kills"]["found"]
    yield from found["faults"]
    if found["lost_bytes"]:
        yield f"{found['lost_bytes']} bytes that were on the disk were lost by kills"
    if found["hits"] < LEAST_KILLS:
        yield f"only {found['hits']} kills hit a living program"
    for phase, (times, _) in found["died_in"].items():
        if times == 0:
            yield f"no kill came while it was {phase}"


def _endurance(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["found"]
    hours = found["given_frames"] / 16_000 / 3600
    yield f"## {hours:.1f} hours of speech without a pause, on a clock that runs with it"
    yield ""
    if "delivered" in found:
        yield "Delivered to the local service meanwhile, whose clock is the same."
        yield ""
    yield from _table(
        {
            "samples spoken": found["given_frames"],
            "samples lost": found["given_frames"] - found["decoded_frames"],
            "chunks": found["chunks"],
            "of these in the service's own store": found.get("delivered", "not looked at"),
            "linked sessions": found.get("linked_sessions", 1),
            "worst signal to noise ratio of those compared": (
                f"{found['worst_snr_db']:.1f} dB" if "worst_snr_db" in found else "not looked at"
            ),
            "memory at most": f"{found['resident_mb']:.0f} MB",
            "growth after the first quarter": f"{found['growth_mb']:.1f} MB",
        }
    )


def _endurance_broken(measured: Mapping[str, Any]) -> Iterator[str]:
    found = measured["endurance"]["found"]
    if found["given_frames"] != found["decoded_frames"]:
        yield "samples were lost in hours of speech"
    if found.get("delivered", found.get("chunks")) != found.get("chunks"):
        yield "not all chunks of hours of speech are on the service"
    if not found.get("completed", True) or found.get("lapsed"):
        yield "hours of speech were not delivered in sessions that lasted"
    if found["growth_mb"] > GROWTH_MB:
        yield f"hours of speech needed {found['growth_mb']:.1f} MB more at the end"


def _hour(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["found"]
    yield f"## {found['minutes']:.0f} minutes of real time in the real window"
    yield ""
    yield "A virtual microphone, a real screen, the local service with its real engine; a bare"
    yield "event loop beside the window tells what the computer did. All of it ran at niceness"
    yield f"{found['niceness']}."
    yield ""
    yield from _table(
        {
            "blocks that the microphone gave": found["blocks"],
            "frames taken from it (16 kHz)": found["taken_frames"],
            "frames in the spool, decoded": found["decoded_frames"],
            "lost (what came after the stop included)": f"{found['lost_s']} s",
            "gaps noted": len(found["gaps"]),
            "chunks, outcome": f"{found['chunks']}, {found['outcome']}",
            "stop to text": f"{found['stop_to_text_s']} s",
            "longest stall of the GUI thread": f"{found['longest_ms']} ms",
            "longest stall of a bare event loop in the same run": f"{found['bare_longest_ms']} ms",
            "ratio": found["ratio"],
            f"stalls over {LATE_MS} ms: window, bare loop": (
                f"{found['over_50_ms']}, {found['bare_over_50_ms']}"
            ),
            "of these the window's own (it had a processor, the bare loop was on time)": (
                f"{found['own_over_50_ms']}, longest {found['own_longest_ms']} ms"
            ),
            "most work of the GUI thread between two beats": f"{found['longest_work_ms']} ms",
            "memory after the first minute, of it its own": _memory(found, "start"),
            "memory after 10 minutes": _memory(found, "10_min"),
            "memory at the end": _memory(found, "end"),
            "disk: spool, service": f"{found['disk_spool_mb']} MB, {found['disk_service_mb']} MB",
        }
    )
    if found["own"]:
        yield "| the window's own stall | worked | waited for a processor | found in |"
        yield "|---|---|---|---|"
        for stall in found["own"][:10]:
            where = stall["found_in"][-1] if stall["found_in"] else "not seen"
            yield (
                f"| {stall['late_ms']:.0f} ms | {stall['cpu_ms']:.0f} ms "
                f"| {stall['queued_ms']:.0f} ms | {where} |"
            )
        yield ""


def _memory(found: Mapping[str, Any], when: str) -> str:
    """All of it, and without the files that are only mapped, as a task manager shows it."""
    return f"{found[f'memory_{when}_mb']} MB, {found[f'own_memory_{when}_mb']} MB"


GROWTH_MB = 5.0
"""How much more memory a dictation may need at the end than when it got going (PRODUCT.md §5)."""

MOST_MB = 200.0
"""What a window may need, files that are only mapped left out (PRODUCT.md §5)."""

WHOLE_MINUTES = 60.0

EDGE_S = 0.2
"""What still comes from the microphone while it is being stopped; it is not part of the speech."""


def _hour_broken(measured: Mapping[str, Any]) -> Iterator[str]:
    found = measured["hour"]["found"]
    if found["lost_s"] > EDGE_S or found["gaps"]:
        yield f"{found['lost_s']} s were lost in an hour of real time"
    if found["outcome"] != "completed":
        yield "the hour of real time was not completed"
    if found["minutes"] < WHOLE_MINUTES:
        yield f"the hour of real time had {found['minutes']:.0f} minutes"
    grown = found["own_memory_end_mb"] - found["own_memory_10_min_mb"]
    if grown > GROWTH_MB:
        yield f"the window needed {grown:.1f} MB more at the end of an hour than after 10 minutes"
    if found["own_memory_most_mb"] > MOST_MB:
        yield f"the window needed {found['own_memory_most_mb']:.0f} MB"
    if found["own_over_50_ms"]:
        yield (
            f"stalls of more than {LATE_MS} ms that were the window's own: "
            f"{found['own_over_50_ms']}, the longest {found['own_longest_ms']:.0f} ms"
        )


def _suites(part: Mapping[str, Any]) -> Iterator[str]:
    for one in part["found"]:
        cases = sum(fault["cases"] for fault in one["faults"].values())
        passed = sum(fault["passed"] for fault in one["faults"].values())
        yield f"## {one['suite']}: {passed} of {cases} as promised"
        yield ""
        yield "| fault | places | times tried | bytes compared | bytes lost | completed | outcome |"
        yield "|---|---|---|---|---|---|---|"
        for name, fault in one["faults"].items():
            kept = fault["passed"] == fault["cases"]
            # What a test did not count is left blank: nothing here is a guess.
            counted = [fault.get(word, "") for word in COUNTED]
            yield (
                f"| {name.replace('|', '·')} | {fault['cases']} | {fault['tried']} "
                f"| {' | '.join(map(str, counted))} | {'as promised' if kept else '**broken**'} |"
            )
        yield ""


def _suites_broken(measured: Mapping[str, Any]) -> Iterator[str]:
    for one in measured["suites"]["found"]:
        for name, fault in one["faults"].items():
            for where in fault.get("broken", ()):
                yield f"{one['suite']}: {name}: {where}"
            if fault.get("lost_bytes"):
                yield f"{one['suite']}: {name}: {fault['lost_bytes']} bytes were lost"


_PARTS = {"kills": _kills, "hour": _hour, "endurance": _endurance, "suites": _suites}
_BROKEN = {
    "kills": _kills_broken,
    "hour": _hour_broken,
    "endurance": _endurance_broken,
    "suites": _suites_broken,
}
