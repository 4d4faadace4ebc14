"""The upload type that was chosen for a service is ordered where that service takes it."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from scribe_desktop.dictating import order_for
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import THIS_COMPUTER, ServiceRef, UploadType
from scribe_desktop.domain.settings import Profile, Settings, with_value
from scribe_desktop.line import Line

CLINIC = Profile("Clinic", "https://scribe.clinic.example/v1", upload_type=UploadType.STREAM)
OTHER = Profile("Other", "https://other.example/v1")


@dataclass
class Kept:
    settings: Settings = field(
        default_factory=lambda: Settings(service="Clinic", profiles=(CLINIC, OTHER))
    )

    def load(self) -> Settings:
        return self.settings

    def set(self, name: str, value: Any) -> Settings:
        self.settings = with_value(self.settings, name, value)
        return self.settings

    def locked(self) -> frozenset[str]:
        return frozenset()


@dataclass
class Offering:
    """Services that take what `takes` says."""

    takes: tuple[str, ...] = ("chunked", "single", "stream")

    def prepare(self, service: ServiceRef) -> None:
        """Nothing has to be made ready."""

    def offer(self, service: ServiceRef) -> Offer:
        return Offer(service.name, upload_types=self.takes)

    def named(self, name_or_url: str, dialect: str, settings: Settings) -> ServiceRef:
        profile = settings.profile(name_or_url)
        assert profile is not None
        return ServiceRef(profile.name, profile.base_url, dialect or profile.dialect)


class Unused:
    """Stands where ordering needs nothing."""

    def subscribe(self, _listener: object) -> None:
        """Nothing ever changes."""


def line_of(services: Offering) -> Line:
    unused = cast("Any", Unused())
    return Line(
        store=unused, settings=Kept(), services=cast("Any", services), uploader=unused,
        poller=unused, microphones=tuple, record_microphone=unused, record_file=unused,
        now=lambda: 0.0,
    )  # fmt: skip


def test_the_chosen_upload_type_is_ordered() -> None:
    line = line_of(Offering())
    assert line.usual_order().upload_type is UploadType.STREAM
    single = replace(CLINIC, upload_type=UploadType.SINGLE)
    line.set_setting("profiles", [single, OTHER])
    assert line.usual_order().upload_type is UploadType.SINGLE


@pytest.mark.parametrize("takes", [(), ("chunked",), ("chunked", "single")])
def test_what_a_service_does_not_take_is_not_ordered(takes: tuple[str, ...]) -> None:
    assert line_of(Offering(takes)).usual_order().upload_type is UploadType.CHUNKED


def test_the_choice_of_one_service_is_no_other_s() -> None:
    line = line_of(Offering())
    assert order_for(line, {"service": "Other"}).upload_type is UploadType.CHUNKED
    assert order_for(line, {"service": THIS_COMPUTER}).upload_type is UploadType.CHUNKED
    assert order_for(line, {}).upload_type is UploadType.STREAM
    assert order_for(line, {"upload": "single"}).upload_type is UploadType.SINGLE
