"""The three ways in which services speak the one protocol, as data.

Everything that differs on the wire between EkaScribe's cloud, its on-premise
server and a strict implementer of the specification is a field here
(PROTOCOL.md §0 and §5); the code that writes requests asks the field and
never the name.
"""

from dataclasses import dataclass

from scribe_desktop.protocol import origins


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of services wants to be spoken to.

    `create_patient` and `patch_patient` are the names under which it takes
    the patient. `mobile_is_number`: it wants digits as an integer and is
    sent nothing else. `names_media_type`: a named upload must say its exact
    type; the others choose by extension and refuse near misses.
    `auto_language`: it takes `auto_detect`. `own_upload_host`: audio may go to
    another host than the configured one; where that is not so, a foreign host
    in `upload_url` is a misconfigured server and is ignored. `api_keys` are
    beginnings of tokens that travel as `X-API-Key`. `platform` says whether the
    `/voice/api` family of calls exists beside the protocol.
    """

    name: str
    create_patient: tuple[str, ...] = ("patient_details",)
    patch_patient: str = "patient_details"
    mobile_is_number: bool = False
    names_media_type: bool = False
    auto_language: bool = False
    own_upload_host: bool = False
    api_keys: tuple[str, ...] = ()
    platform: bool = True


EKA = Dialect("eka", mobile_is_number=True, auto_language=True, own_upload_host=True)
ONPREM = Dialect(
    "onprem",
    create_patient=("patient_details", "session_details"),
    patch_patient="session_details",
)
SPEC = Dialect("spec", names_media_type=True, api_keys=("sk_live_", "sk_test_"), platform=False)

DIALECTS = {dialect.name: dialect for dialect in (EKA, ONPREM, SPEC)}


def guess(base_url: str) -> Dialect:
    """The likeliest dialect of a service that has not answered yet."""
    try:
        _, host, _ = origins.origin(base_url)
        path = origins.path(base_url)
    except origins.ForbiddenAddress:
        return SPEC
    if host == "eka.care" or host.endswith(".eka.care"):
        return EKA
    return ONPREM if path.endswith("/voice/v1") else SPEC


def dialect_of(name: str, base_url: str) -> Dialect:
    """The dialect of that name, or the likeliest one if there is none."""
    return DIALECTS.get(name) or guess(base_url)
