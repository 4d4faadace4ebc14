"""Signs in to a service with a token, and out again; the token lives in the keyring."""

from collections.abc import Callable

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Profile
from scribe_desktop.line import Line
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.secret import Secret


class Accounts:
    """Who is signed in to which service of the settings.

    `on_signed_in` is called with nothing when what waits for a sign-in may go.
    """

    def __init__(
        self, line: Line, credentials: Credentials, on_signed_in: Callable[[], None]
    ) -> None:
        self._line = line
        self._credentials = credentials
        self._on_signed_in = on_signed_in

    def signed_in(self, profile: str) -> bool:
        """Whether a token is kept for this service; may wait for the keyring."""
        chosen = self._profile(profile)
        return self._credentials.token(chosen.base_url, chosen.account) is not None

    def sign_in(self, profile: str, token: str) -> None:
        """Keep a token and send what waited for it; may wait for the keyring."""
        chosen = self._profile(profile)
        self._credentials.store_token(Secret(token.strip()), chosen.base_url, chosen.account)
        self._on_signed_in()

    def sign_out(self, profile: str) -> None:
        """Forget the token; recordings stay and wait."""
        chosen = self._profile(profile)
        self._credentials.forget_token(chosen.base_url, chosen.account)

    def _profile(self, name: str) -> Profile:
        chosen = self._line.settings().profile(name)
        if chosen is None:
            raise SettingsError("That service is no longer in the settings.", "Add it again.")
        return chosen
