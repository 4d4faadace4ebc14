"""Where our client, on purpose, asks otherwise than the local service describes.

Each line says in which dialect, at which call, what, and where PROTOCOL.md
asks for it. A difference that is no line here fails the test it happened in
(tests/conftest.py); a line that the conversations of
tests/conformance/test_deviations.py do not need fails that test.
"""

from dataclasses import dataclass

from tests.conformance.differences import Difference, Kind

DIALECTS = ("eka", "onprem", "spec", "sign-in")
"""The scripted peers: three dialects, and the sign-in family that two of them share."""


@dataclass(frozen=True)
class Deviation:
    """One intended difference; `section` of PROTOCOL.md asks for it."""

    dialect: str
    difference: Difference
    section: str
    reason: str


def _of(
    dialects: tuple[str, ...],
    call: str,
    whats: tuple[tuple[Kind, str], ...],
    section: str,
    reason: str,
) -> tuple[Deviation, ...]:
    return tuple(
        Deviation(dialect, Difference(call, kind, what), section, reason)
        for dialect in dialects
        for kind, what in whats
    )


_AUTH = "POST /connect-auth/v1"
_CALL = ((Kind.CALL, "not described"),)

DEVIATIONS: tuple[Deviation, ...] = (
    *_of(
        ("eka", "onprem"),
        "POST …/sessions/{session_id}/audio/{file_name}",
        ((Kind.BODY, "without a Content-Type"),),
        "§2.1",
        "they compare the label letter by letter, and choose by the extension where there is none",
    ),
    *_of(
        ("spec",),
        "POST …/sessions/{session_id}/audio/{file_name}",
        ((Kind.BODY, "without a Content-Type"),),
        "§2.1",
        "a file whose label was refused is tried once more without one",
    ),
    *_of(
        ("onprem",),
        "POST …/blob-upload/{bucket}",
        (
            (Kind.BODY, "policy"),
            (Kind.BODY, "x-token"),
            (Kind.BODY, "no x-expires"),
            (Kind.BODY, "no x-signature"),
        ),
        "§1.4 C",
        "a presigned form goes back with the fields that its own storage put in, and no others",
    ),
    *_of(
        ("eka", "onprem"),
        "GET /storage/…",
        _CALL,
        "§1.7, §1.11, §1.14",
        "notes and recordings lie at presigned addresses of the storage's own making",
    ),
    *_of(
        ("eka", "onprem"),
        "PUT /storage/…",
        _CALL,
        "§1.14",
        "a clinician's version of a note is put at such an address",
    ),
    *_of(
        ("sign-in",),
        f"{_AUTH}/account/refresh-token",
        ((Kind.CREDENTIAL, "authorization"), (Kind.HEADER, "client-id")),
        "§1.2 (c)",
        "the cloud renews a token only for whoever shows the old one and names the client",
    ),
    *_of(
        ("sign-in",),
        f"{_AUTH}/oidc-client/desk/verify",
        _CALL,
        "§1.2 (d)",
        "the cloud exchanges what a browser sign-in brought; here nobody signs in elsewhere",
    ),
    *_of(
        ("sign-in",),
        f"{_AUTH}/oidc-client/desk/refresh",
        _CALL,
        "§1.2 (d)",
        "and renews it at a call of its own",
    ),
    *_of(
        ("sign-in",),
        "POST /oidc/token",
        _CALL,
        "§1.2 (a)",
        "discovery names the token endpoint; it belongs to whoever issues the identities",
    ),
    *_of(
        ("sign-in",),
        "GET …/templates",
        ((Kind.CREDENTIAL, "none"),),
        "§1.2 (h)",
        "without a token the service is asked all the same: only its refusal means “sign in”",
    ),
)


def is_intended(dialect: str, difference: Difference) -> bool:
    """Whether the table has it; a peer without a dialect may be spoken to in any of them."""
    return any(one.difference == difference and dialect in (one.dialect, "") for one in DEVIATIONS)
