"""Where a service is, and with whose token it is spoken to."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from scribe_desktop.protocol import errors


class Tokens(Protocol):
    """Where the credential for one account at one service comes from."""

    def token(self) -> str:
        """The present token, empty if the service needs none; may wait for a refresh.

        Raises ServiceError, AFTER_SIGN_IN if only a person can get another.
        """

    def renew(self, refused: str) -> str:
        """Another token because `refused` was refused; raises as `token` does."""


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that somebody pasted, or that was made for this run: it cannot be renewed."""

    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return "FixedToken(…)"

    def token(self) -> str:
        """The token."""
        return self.secret

    def renew(self, refused: str) -> str:  # noqa: ARG002  as in Tokens
        """Raise: there is no other."""
        raise errors.refusal(HTTPStatus.UNAUTHORIZED, b"", in_session=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is now. `base_url` is the base of the protocol calls."""

    base_url: str
    dialect: str = ""
    tokens: Tokens = FixedToken("")
