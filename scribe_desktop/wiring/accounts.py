"""Signs in to a service with a token, and out again; the token lives in the keyring."""

from collections.abc import Callable

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.settings import Profile
from scribe_desktop.line import Line
from scribe_desktop.services.signin import Accounts as Keepers


class Accounts:
    """Who is signed in to which service of the settings.

    `on_signed_in` is called with nothing when what waits for a sign-in may go.
    """

    def __init__(self, line: Line, keepers: Keepers, on_signed_in: Callable[[], None]) -> None:
        self._line = line
        self._keepers = keepers
        self._on_signed_in = on_signed_in

    def signed_in(self, profile: str) -> bool:
        """Whether a token is kept for this service; may wait for the keyring."""
        return self._keepers.tokens(self._service(profile)).is_signed_in()

    def sign_in(self, profile: str, token: str) -> None:
        """Keep a token and send what waited for it; may wait for the keyring."""
        self._keepers.with_token(self._service(profile), token)
        self._on_signed_in()

    def sign_out(self, profile: str) -> None:
        """Forget the tokens and tell the service; recordings stay and wait."""
        self._keepers.sign_out(self._service(profile))

    def _service(self, name: str) -> ServiceRef:
        profile = self._profile(name)
        return ServiceRef(profile.name, profile.base_url, profile.dialect, profile.account)

    def _profile(self, name: str) -> Profile:
        chosen = self._line.settings().profile(name)
        if chosen is None:
            raise SettingsError("That service is no longer in the settings.", "Add it again.")
        return chosen
