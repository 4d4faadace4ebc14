"""One holder, many askers: real sockets and real processes."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import Retry, ScribeError, ServiceError, UnknownSession
from scribe_desktop.services.control import (
    Control,
    Exchange,
    Holder,
    HolderSilent,
    NobodyHolds,
)
from scribe_desktop.services.control_wire import Message

HOLDER = """
import sys, threading
from pathlib import Path
from scribe_desktop.services.control import Control
holder = Control(Path(sys.argv[1])).acquire()
def answer(request, exchange):
    if request.get("stay"):
        exchange.emit({"here": True})
        threading.Event().wait()
    return {"echo": request}
holder.serve(answer)
print("ready", flush=True)
sys.stdin.read()
holder.close(limit_s=0.1)
"""

ASKER = """
import json, sys
from pathlib import Path
from scribe_desktop.services.control import Control, Holder
answer = Control(Path(sys.argv[1])).ask_or_hold({"word": "toggle"})
if isinstance(answer, Holder):
    answer.serve(lambda request, exchange: {"echo": request})
    print("held", flush=True)
    sys.stdin.read()
    answer.close()
else:
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(tmp_path / "control")


@pytest.fixture
def holder(control: Control) -> Iterator[Holder]:
    holder = control.acquire()
    assert holder is not None
    yield holder
    holder.close()


def echo(request: Message, exchange: Exchange) -> Message:
    return {"echo": request}


class Child:
    """A process of ours that says one word on stdout and ends when stdin does."""

    def __init__(self, script: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate(timeout=10)


def test_only_one_process_holds(control: Control, holder: Holder, tmp_path: Path) -> None:
    assert control.acquire() is None
    holder.serve(echo)
    child = Child(ASKER, tmp_path / "control")
    assert json.loads(child.line()) == {"echo": {"word": "toggle"}}
    child.end()


def test_nobody_holds_is_said(control: Control) -> None:
    with pytest.raises(NobodyHolds):
        control.ask({})
    again = control.acquire()
    assert again is not None
    again.close()


def test_messages_stream_before_the_final_answer(control: Control, holder: Holder) -> None:
    def count(request: Message, exchange: Exchange) -> Message:
        for number in range(request["upto"]):
            exchange.emit({"number": number})
        return {"done": True}

    holder.serve(count)
    messages: list[Message] = []
    assert control.ask({"upto": 50}, messages.append) == {"done": True}
    assert messages == [{"number": number} for number in range(50)]


def test_errors_of_ours_arrive_as_themselves_and_bugs_do_not_speak(
    control: Control, holder: Holder, caplog: pytest.LogCaptureFixture
) -> None:
    raised = {
        "ours": UnknownSession("There is no dictation of that number.", "Look again."),
        "service": ServiceError("The service is away.", retry=Retry.LATER),
        "bug": KeyError("Kanarienwort"),
    }

    def fail(request: Message, exchange: Exchange) -> Message:
        raise raised[request["kind"]]

    holder.serve(fail)
    with pytest.raises(UnknownSession) as caught:
        control.ask({"kind": "ours"})
    assert caught.value.remedy == "Look again."
    with pytest.raises(ScribeError, match="away"):
        control.ask({"kind": "service"})
    with pytest.raises(ScribeError, match="could not be done") as bug:
        control.ask({"kind": "bug"})
    assert "Kanarienwort" not in str(bug.value) + caplog.text


def test_an_asker_can_cancel(control: Control, holder: Holder) -> None:
    cancel = threading.Event()

    def wait(request: Message, exchange: Exchange) -> Message:
        exchange.emit({"waiting": True})
        return {"cancelled": exchange.cancelled.wait(10)}

    holder.serve(wait)
    assert control.ask({}, lambda _: cancel.set(), cancel) == {"cancelled": True}


def test_an_asker_that_goes_away_cancels(control: Control, holder: Holder, tmp_path: Path) -> None:
    started, noticed = threading.Event(), threading.Event()

    def wait(request: Message, exchange: Exchange) -> Message:
        started.set()
        if exchange.cancelled.wait(10):
            noticed.set()
        exchange.emit({"nobody": "hears"})
        return {}

    holder.serve(wait)
    child = Child(ASKER, tmp_path / "control")
    assert started.wait(10)
    child.process.kill()
    assert noticed.wait(10)
    child.end()


def test_many_askers_are_answered_side_by_side(control: Control, holder: Holder) -> None:
    all_here = threading.Barrier(8)

    def meet(request: Message, exchange: Exchange) -> Message:
        all_here.wait(10)
        return {"number": request["number"]}

    holder.serve(meet)
    answers: list[int] = []
    askers = [
        threading.Thread(target=lambda n=n: answers.append(control.ask({"number": n})["number"]))
        for n in range(8)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(answers) == list(range(8))


def test_a_request_in_flight_is_answered_when_the_holder_leaves(
    control: Control, holder: Holder
) -> None:
    started = threading.Event()

    def slow(request: Message, exchange: Exchange) -> Message:
        started.set()
        exchange.cancelled.wait(10)
        return {"sealed": True}

    holder.serve(slow)
    answers: list[Message] = []
    asker = threading.Thread(target=lambda: answers.append(control.ask({})))
    asker.start()
    assert started.wait(10)
    holder.close()
    asker.join(10)
    assert answers == [{"sealed": True}]


def test_an_asker_takes_the_lock_when_the_holder_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "control"
    holder = Child(HOLDER, folder)
    assert holder.line() == "ready"
    here = threading.Event()
    answers: list[Message | Holder] = []
    asker = threading.Thread(
        target=lambda: answers.append(
            Control(folder).ask_or_hold({"stay": True}, lambda _: here.set())
        )
    )
    asker.start()
    assert here.wait(10)
    holder.process.kill()
    asker.join(10)
    holder.end()
    (answer,) = answers
    assert isinstance(answer, Holder)
    # The address of the killed holder is still there and misleads nobody.
    answer.serve(echo)
    assert Control(folder).ask({"a": 1}) == {"echo": {"a": 1}}
    answer.close()


def test_an_asker_takes_the_lock_when_the_holder_leaves_without_an_answer(tmp_path: Path) -> None:
    folder = tmp_path / "control"
    holder = Child(HOLDER, folder)
    assert holder.line() == "ready"
    here = threading.Event()
    answers: list[Message | Holder] = []
    asker = threading.Thread(
        target=lambda: answers.append(
            Control(folder).ask_or_hold({"stay": True}, lambda _: here.set())
        )
    )
    asker.start()
    assert here.wait(10)
    holder.end()
    asker.join(10)
    (answer,) = answers
    assert isinstance(answer, Holder)
    answer.close()


def test_of_several_processes_at_once_one_holds_and_all_others_are_answered(
    tmp_path: Path,
) -> None:
    children = [Child(ASKER, tmp_path / "control") for _ in range(4)]
    said = sorted(child.line() for child in children)
    for child in children:
        child.end()
    assert said.count("held") == 1
    assert [json.loads(line) for line in said if line != "held"] == [
        {"echo": {"word": "toggle"}}
    ] * 3


def test_a_holder_that_never_listens_is_said(control: Control, holder: Holder) -> None:
    with pytest.raises(HolderSilent):
        control.ask_or_hold({}, limit_s=0.1)


def test_a_stranger_is_turned_away(
    control: Control, holder: Holder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[Message] = []

    def note(request: Message, exchange: Exchange) -> Message:
        asked.append(request)
        return {}

    holder.serve(note)
    address = tmp_path / "control" / "address"
    assert address.stat().st_mode & 0o077 == 0
    record = json.loads(address.read_bytes())
    with Client(record["address"], "AF_UNIX") as stranger:
        stranger.recv_bytes()
        stranger.send_bytes(b"x" * 64)
        with pytest.raises((EOFError, OSError)):
            stranger.recv_bytes()
    assert "stranger" in caplog.text
    # With another key in the file the asker does not talk to whoever listens.
    address.write_text(json.dumps(record | {"key": "00" * 32}))
    with pytest.raises(HolderSilent):
        control.ask_or_hold({}, limit_s=0.1)
    assert asked == []


@pytest.mark.parametrize("hostile", [b"{", b"[]", b"\x80\x04K\x01.", b"[" * 100_000])
def test_what_is_not_a_message_ends_only_its_own_connection(
    control: Control, holder: Holder, tmp_path: Path, hostile: bytes
) -> None:
    import hmac

    holder.serve(echo)
    record = json.loads((tmp_path / "control" / "address").read_bytes())
    with Client(record["address"], "AF_UNIX") as connection:
        challenge = connection.recv_bytes()
        proof = hmac.digest(bytes.fromhex(record["key"]), b"asker" + challenge, "sha256")
        connection.send_bytes(proof + b"0" * 32)
        connection.recv_bytes()
        connection.send_bytes(hostile)
        with pytest.raises((EOFError, OSError)):
            connection.recv_bytes()
    assert control.ask({"still": "here"}) == {"echo": {"still": "here"}}


def test_an_address_file_that_makes_no_sense_is_not_followed(
    control: Control, tmp_path: Path
) -> None:
    for text in ("", "[]", '{"address": 1, "key": "zz"}', '{"address": "/nowhere", "key": ""}'):
        (tmp_path / "control" / "address").write_text(text)
        with pytest.raises(NobodyHolds):
            control.ask({})


@pytest.mark.parametrize("is_short", ["runtime folder", "temporary folder", "neither"])
def test_a_home_with_a_very_long_path_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_short: str
) -> None:
    deep = tmp_path / ("deep" * 20) / ("er" * 40)
    deep.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as short:
        runtime = short if is_short == "runtime folder" else str(deep)
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        monkeypatch.setattr(
            tempfile, "tempdir", short if is_short == "temporary folder" else str(deep)
        )
        works(Control(deep / "control"))
        assert bool(list(Path(short).iterdir())) is (is_short != "neither")


def works(control: Control) -> None:
    for _ in range(2):
        holder = control.acquire()
        assert holder is not None
        holder.serve(echo)
        assert control.ask({"a": 1}) == {"echo": {"a": 1}}
        holder.close()


def test_asking_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; import scribe_desktop.services.control;"
        "print([m for m in ('filelock','asyncio','numpy','httpx','sqlcipher3','PySide6','keyring')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
