"""Signs in to a service in the way the clinician chose, and out; tokens live in the keyring."""

from collections.abc import Callable

from scribe_desktop.domain.errors import ScribeError, ServiceError, SettingsError
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.settings import Profile
from scribe_desktop.line import Line
from scribe_desktop.protocol.sign_in import DeviceCode
from scribe_desktop.services.client import Client
from scribe_desktop.services.signin import Accounts as Keepers
from scribe_desktop.ui.workplace import Meanwhile, Proof, ShownCode, SignInWay


class Accounts:
    """Who is signed in to which service of the settings, and how one gets in.

    `client` gives the client of a service, whose discovery tells the ways.
    """

    def __init__(
        self, line: Line, keepers: Keepers, client: Callable[[ServiceRef], Client]
    ) -> None:
        self._line = line
        self._keepers = keepers
        self._client = client

    def signed_in(self, profile: str) -> bool:
        """Whether a token is kept for this service; may wait for the keyring."""
        return self._keepers.tokens(self._service(profile)).is_signed_in()

    def ways(self, profile: str) -> tuple[SignInWay, ...]:
        """How one may sign in there; without a network, what its family always has."""
        service = self._service(profile)
        try:
            found = self._client(service).discovered()
        except ServiceError:
            said = self._keepers.ways(service, (), None)
        else:
            said = self._keepers.ways(service, found.sign_in_methods, found.oidc)
        return tuple(way for way in SignInWay if getattr(said, way))

    def sign_in(self, profile: str, proof: Proof, meanwhile: Meanwhile) -> str:
        """Sign in and keep the tokens; may wait for the service, a person and the keyring."""
        service, keepers = self._service(profile), self._keepers
        match proof.way:
            case SignInWay.TOKEN:
                return keepers.with_token(service, proof.secret)
            case SignInWay.CLIENT:
                return keepers.with_client(service, proof.name, proof.secret)
            case SignInWay.PASSWORD:
                return keepers.with_password(service, proof.name, proof.secret)
            case SignInWay.DEVICE:
                return keepers.with_device(
                    service, lambda code: meanwhile.show_code(_shown(code)), meanwhile.cancel
                )
            case SignInWay.BROWSER:
                return self._in_browser(service, proof.name, meanwhile)

    def sign_out(self, profile: str) -> None:
        """Forget the tokens and tell the service; recordings stay and wait."""
        self._keepers.sign_out(self._service(profile))

    def _in_browser(self, service: ServiceRef, client_id: str, meanwhile: Meanwhile) -> str:
        oidc = self._client(service).discovered().oidc
        if oidc is None:
            raise ScribeError(
                "This service does not offer to sign in with the browser.", "Choose another way."
            )
        return self._keepers.with_browser(
            service, oidc, client_id, meanwhile.open_page, meanwhile.cancel
        )

    def _service(self, name: str) -> ServiceRef:
        profile = self._profile(name)
        return ServiceRef(profile.name, profile.base_url, profile.dialect, profile.account)

    def _profile(self, name: str) -> Profile:
        chosen = self._line.settings().profile(name)
        if chosen is None:
            raise SettingsError("That service is no longer in the settings.", "Add it again.")
        return chosen


def _shown(code: DeviceCode) -> ShownCode:
    return ShownCode(code.user_code, code.verification_uri, code.complete_uri)
