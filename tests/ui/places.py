"""A workplace with every part there is, answering from memory."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scribe_desktop.domain.errors import CredentialError, ScribeError
from scribe_desktop.domain.notices import Level
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Results
from scribe_desktop.domain.retention import Left
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.updates import Progress, Stage, UpdateRefused
from scribe_desktop.ui.service_shelf import OwnTemplate, PastDictation, StoredDocument
from scribe_desktop.ui.workplace import (
    DeviceButton,
    DictationDevice,
    ExportFormat,
    Inserted,
    InsertionSteps,
    KeyReport,
    Meanwhile,
    Measurement,
    Proof,
    ShownCode,
    SignInWay,
    Workplace,
)


@dataclass
class FakeSpeaker:
    played: list[bytes] = field(default_factory=list)
    stopped: int = 0
    on_end: Callable[[], None] = lambda: None

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        self.played.append(pcm)
        self.on_end = on_end

    def stop(self) -> None:
        self.stopped += 1
        self.on_end()


@dataclass
class FakePlayer:
    """Plays nothing; a test says how far it is and when it ends."""

    asked: list[tuple[str, Any]] = field(default_factory=list)
    at_s: float = 0.0
    refuse: ScribeError | None = None
    on_end: Callable[[], None] = lambda: None

    def play(
        self,
        session_ids: Sequence[SessionId],
        at_s: float,
        speed: float,
        on_end: Callable[[], None],
    ) -> None:
        self.asked.append(("play", (tuple(session_ids), at_s, speed)))
        if self.refuse is not None:
            raise self.refuse
        self.at_s, self.on_end = at_s, on_end

    def stop(self) -> None:
        self.asked.append(("stop", None))
        self.on_end()

    def seek(self, at_s: float) -> None:
        self.asked.append(("seek", at_s))
        self.at_s = at_s

    def set_speed(self, speed: float) -> None:
        self.asked.append(("speed", speed))

    def position_s(self) -> float:
        return self.at_s


@dataclass
class FakeMicrophoneTest:
    began: list[str] = field(default_factory=list)
    refuse: ScribeError | None = None

    def begin(self, identity: str) -> None:
        if self.refuse:
            raise self.refuse
        self.began.append(identity)

    def level(self) -> Level:
        return Level(-20.0, -12.0)

    def finish(self) -> bytes:
        return bytes(32_000)


@dataclass
class FakeExporter:
    exported: list[tuple[str, str, str]] = field(default_factory=list)

    def formats(self) -> tuple[ExportFormat, ...]:
        return (ExportFormat("text", "Text", ".txt"), ExportFormat("markdown", "Markdown", ".md"))

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        self.exported.append((session_id, format_id, path))


@dataclass
class FakeInsertion:
    outcome: Inserted = field(default_factory=lambda: Inserted(arrived=True))
    remembered: list[str] = field(default_factory=list)
    inserted: list[tuple[str, str]] = field(default_factory=list)
    plain_word: str = ""
    could_ask_the_desktop: bool = True
    stand_aside: Callable[[], None] = lambda: None
    forbidden: bool = False

    def forbid(self, forbidden: bool, /) -> None:  # noqa: FBT001  a switch
        self.forbidden = forbidden

    def stand_aside_with(self, stand_aside: Callable[[], None]) -> None:
        self.stand_aside = stand_aside

    def remember(self, session_id: SessionId, follows: SessionId | None) -> None:
        self.remembered.append(session_id)

    def into_remembered(self, text: str, session_id: SessionId) -> InsertionSteps:
        yield 0.0
        self.inserted.append((text, session_id))
        return self.outcome

    def into_front(self, text: str) -> InsertionSteps:
        yield 0.0
        self.inserted.append((text, "front"))
        return self.outcome


@dataclass
class FakeKeys:
    user_chooses: bool = False
    watchers: list[Callable[[str], None]] = field(default_factory=list)
    held: int = 0

    def refusal(self, chord: str) -> str:
        if chord in ("Ctrl+C", "Ctrl+V"):
            return f"{chord} is used for editing in every program and cannot be taken away from it."
        return ""

    def report(self) -> tuple[KeyReport, ...]:
        return (
            KeyReport("key_toggle", "Ctrl+Shift+Space", works=True),
            KeyReport("key_pause", "F14", works=False, sentence="F14 is taken by another program."),
        )

    def hold(self) -> None:
        self.held += 1

    def release(self) -> None:
        self.held -= 1

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        self.watchers.append(pressed)
        return lambda: self.watchers.remove(pressed)


@dataclass
class FakeDevices:
    watchers: list[Callable[[str], None]] = field(default_factory=list)

    def actions(self) -> tuple[tuple[str, str], ...]:
        return (
            ("toggle", "Start or stop; hold to talk"),
            ("pause", "Pause or go on"),
            ("insert_last", "Insert the last text"),
            ("nothing", "Nothing"),
        )

    def devices(self) -> tuple[DictationDevice, ...]:
        return (
            DictationDevice(
                "SpeechMike Premium",
                is_plugged=True,
                buttons=(
                    DeviceButton("speechmike/RECORD", "Record", "toggle"),
                    DeviceButton("speechmike/PLAY", "Play", "pause"),
                    DeviceButton("speechmike/F1_A", "F1", "nothing"),
                ),
            ),
            DictationDevice(
                "Foot control",
                is_plugged=False,
                buttons=(DeviceButton("foot/PLAY", "Middle pedal", "toggle"),),
            ),
        )

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        self.watchers.append(pressed)
        return lambda: self.watchers.remove(pressed)


@dataclass
class FakeAccounts:
    """Signs in whoever has the right secret, or whoever approves in time.

    A code or a page waits until `approved` is set, or the sign-in is cancelled.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    offered: tuple[SignInWay, ...] = tuple(SignInWay)
    proofs: list[Proof] = field(default_factory=list)
    refuse: ScribeError | None = None
    notice: str = ""
    approved: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def signed_in(self, profile: str) -> bool:
        return profile in self.tokens

    def ways(self, profile: str) -> tuple[SignInWay, ...]:
        return self.offered

    def sign_in(self, profile: str, proof: Proof, meanwhile: Meanwhile) -> str:
        self.proofs.append(proof)
        if self.refuse is not None:
            raise self.refuse
        if proof.way is SignInWay.DEVICE:
            page = "https://clinic.example/device"
            meanwhile.show_code(ShownCode("BCDF-2345", page, f"{page}?code=BCDF-2345"))
            self._wait(meanwhile.cancel)
        if proof.way is SignInWay.BROWSER:
            meanwhile.open_page("https://clinic.example/authorize?state=x")
            self._wait(meanwhile.cancel)
        self.tokens[profile] = proof.secret
        return self.notice

    def _wait(self, cancel: threading.Event) -> None:
        while not self.approved.wait(0.005):
            if cancel.is_set():
                self.cancelled.set()
                raise CredentialError("The sign-in was cancelled.")

    def sign_out(self, profile: str) -> None:
        self.tokens.pop(profile, None)


@dataclass
class FakeLock:
    pin: str = ""
    kept_in_keyring: str = ""
    can_prove_otherwise: bool = True
    refuse: ScribeError | None = None
    signed_in: Callable[[], None] | None = None
    computer_locks: int = 0

    def look(self) -> None:
        self.pin = self.pin or self.kept_in_keyring

    def await_sign_in(self, signed_in: Callable[[], None]) -> None:
        self.signed_in = signed_in

    def lock_computer(self) -> None:
        if self.refuse:
            raise self.refuse
        self.computer_locks += 1

    def sign_in_to_the_computer(self) -> None:
        assert self.signed_in is not None
        self.signed_in()

    def is_set(self) -> bool:
        return bool(self.pin)

    def set_pin(self, pin: str) -> None:
        self.pin = pin

    def opens(self, pin: str) -> bool:
        if self.refuse:
            raise self.refuse
        return pin == self.pin


@dataclass
class FakeDiagnostics:
    bundles: list[str] = field(default_factory=list)

    def measurements(self) -> tuple[Measurement, ...]:
        return (
            Measurement("Key press to first sound", "41 ms"),
            Measurement("Stop to text", "0.6 s"),
            Measurement("Upload of one chunk", "0.2 s"),
        )

    def write_bundle(self, path: str) -> None:
        self.bundles.append(path)


@dataclass
class FakeHistory:
    """Remembers what it is given; a call waits while `gate` is closed."""

    sessions: list[PastDictation] = field(default_factory=list)
    results: dict[str, Results] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuse: ScribeError | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def _answer(self, asked: str) -> None:
        self.asked.append(asked)
        assert self.gate.wait(10)
        if self.refuse is not None:
            raise self.refuse

    def past(self, patient_oid: str = "") -> tuple[PastDictation, ...]:
        self._answer(f"past {patient_oid}".strip())
        return tuple(p for p in self.sessions if patient_oid in ("", p.patient.oid))

    def result(self, past: PastDictation) -> Results | None:
        self._answer(f"result {past.remote_id}")
        return self.results.get(past.remote_id)

    def recording(self, past: PastDictation) -> bytes:
        self._answer(f"recording {past.remote_id}")
        return b"\1\0" * 160

    def take_out(self, past: PastDictation) -> None:
        self._answer(f"take_out {past.remote_id}")
        self.sessions.remove(past)


@dataclass
class FakeDocuments:
    """Keeps texts by document; a call waits while `gate` is closed."""

    texts: dict[str, str] = field(default_factory=dict)
    documents: list[StoredDocument] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse: dict[str, ScribeError] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def _answer(self, asked: str) -> None:
        self.asked.append(asked)
        assert self.gate.wait(10)
        if asked.split(maxsplit=1)[0] in self.refuse:
            raise self.refuse[asked.split(maxsplit=1)[0]]

    def listed(self, session_id: SessionId) -> tuple[StoredDocument, ...]:
        self._answer(f"listed {session_id}")
        return tuple(one for one in self.documents if one.session_id == session_id)

    def text(self, document: StoredDocument) -> str:
        self._answer(f"text {document.document_id}")
        return self.texts[document.document_id]

    def save(self, document: StoredDocument, text: str) -> None:
        self._answer(f"save {document.document_id}")
        self.texts[document.document_id] = text

    def delete(self, document: StoredDocument) -> None:
        self._answer(f"delete {document.document_id}")
        self.documents.remove(document)


@dataclass
class FakeWeights:
    absent: str = ""
    fetched: int = 0

    def missing(self) -> str:
        return self.absent

    def fetch(self, progress: Callable[[int, int], None]) -> None:
        progress(50, 100)
        progress(100, 100)
        self.absent = ""
        self.fetched += 1


@dataclass
class FakeUpdates:
    """A search that is as far as a test says."""

    state: Progress = field(default_factory=lambda: Progress(Stage.WAITING, "Nothing yet."))
    refusal: str = ""
    looks: int = 0
    installs: int = 0

    def progress(self) -> Progress:
        return self.state

    def why_not_now(self) -> str:
        return self.refusal

    def look_now(self) -> None:
        self.looks += 1
        self.state = Progress(Stage.LOOKING, "Looking for a newer version …")

    def install(self) -> None:
        self.installs += 1
        if self.refusal:
            raise UpdateRefused(self.refusal, "Nothing is lost by waiting.")


@dataclass
class FakeRuleFiles:
    found: Mapping[str, str] = field(default_factory=dict)
    written: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    refuse: ScribeError | None = None

    def read(self, path: str) -> Mapping[str, str]:
        if self.refuse:
            raise self.refuse
        return self.found

    def write(self, path: str, pairs: Mapping[str, str]) -> None:
        self.written.append((path, dict(pairs)))


@dataclass
class FakeTemplates:
    """A shelf of one's own templates."""

    shelf: dict[str, OwnTemplate] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuse: dict[str, ScribeError] = field(default_factory=dict)

    def _answer(self, asked: str) -> None:
        self.asked.append(asked)
        if asked.split(maxsplit=1)[0] in self.refuse:
            raise self.refuse[asked.split(maxsplit=1)[0]]

    def own(self) -> tuple[OwnTemplate, ...]:
        self._answer("own")
        return tuple(self.shelf.values())

    def save(self, template: OwnTemplate) -> None:
        self._answer(f"save {template.template_id}")
        made = template.template_id or f"made-{len(self.shelf)}"
        self.shelf[made] = replace(template, template_id=made)

    def delete(self, template_id: str) -> None:
        self._answer(f"delete {template_id}")
        del self.shelf[template_id]


@dataclass
class FakeCustody:
    """Deletes what it is told to and keeps keys in a dictionary."""

    delete_from: Callable[[SessionId], object] = lambda _: None
    deleted: list[SessionId] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    left: Left = field(default_factory=Left)
    refuse: ScribeError | None = None

    def delete(self, session_id: SessionId) -> Left:
        if self.refuse is not None:
            raise self.refuse
        self.deleted.append(session_id)
        self.delete_from(session_id)
        return self.left

    def export_key(self, passphrase: str, path: str) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.keys[path] = passphrase

    def import_key(self, path: str, passphrase: str) -> int:
        if self.keys.get(path) != passphrase:
            raise CredentialError("That passphrase does not open the key.", "Type it again.")
        return 2


@dataclass
class FakeTypedText:
    """Keeps what it is given; a call waits while `gate` is closed."""

    taken: list[tuple[str, Order]] = field(default_factory=list)
    refuse: ScribeError | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    answer: SessionId = field(default_factory=lambda: SessionId(f"ses_{1:024x}"))

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, text: str, order: Order) -> SessionId:
        assert self.gate.wait(10)
        if self.refuse is not None:
            raise self.refuse
        self.taken.append((text, order))
        return self.answer


def whole_workplace() -> Workplace:
    return Workplace(
        speaker=FakeSpeaker(),
        player=FakePlayer(),
        microphone_test=FakeMicrophoneTest(),
        exporter=FakeExporter(),
        run_template=lambda _session_id, _template_id: None,
        continue_session=lambda session_id: session_id,
        insertion=FakeInsertion(),
        keys=FakeKeys(),
        devices=FakeDevices(),
        accounts=FakeAccounts(),
        lock=FakeLock(),
        diagnostics=FakeDiagnostics(),
        weights=FakeWeights(),
        history=FakeHistory(),
        typed_text=FakeTypedText(),
        own_templates=FakeTemplates(),
        custody=FakeCustody(),
        documents=FakeDocuments(),
        updates=FakeUpdates(),
        rule_files=FakeRuleFiles(),
    )
