"""Signing in, as EkaScribe's cloud and its on-premise server do it (PROTOCOL.md §1.2)."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs

from tests.peers.peer import Answered, Asked, Peer

AUTH = "/connect-auth/v1"


def refused(status: int, code: str) -> Answered:
    return Answered(status, {"error": {"code": code, "message": "No."}})


class AccountsPeer(Peer):
    """Hands out single-use refresh tokens; presenting a spent one revokes everything."""

    dialect = "sign-in"

    def __init__(self) -> None:
        super().__init__()
        self.issued = 0
        self.access = ""
        self.refresh = ""
        self.spent: set[str] = set()
        self.is_revoked = False
        self.approvals: list[str] = []
        self.device_answers: list[str] = []
        self.challenge = ""
        self.lives_s = 900
        self.network_page = False

    @property
    def base_url(self) -> str:
        return f"{self.origin}/voice/v1"

    def answer(self, asked: Asked) -> Answered:
        if self.network_page:
            return Answered(403, b"<html>Please pay for the network</html>", {}, "text/html")
        if asked.path == "/oidc/token":
            return self.token_endpoint(asked)
        if asked.path.startswith(AUTH):
            return self.sign_in(asked, asked.json())
        if asked.headers.get("authorization") != f"Bearer {self.access}" or self.is_revoked:
            return Answered(401, {"detail": "token_expired"})
        return Answered(200, {"templates": []})

    def sign_in(self, asked: Asked, body: dict[str, Any]) -> Answered:
        match asked.path.removeprefix(AUTH):
            case "/account/login":
                good = (body["client_id"], body["client_secret"]) == ("clinic", "canary-secret")
                return self.issue() if good else Answered(400, {"code": 400, "error": "mismatch"})
            case "/login":
                good = (body["username"], body["password"]) == ("doc", "canary-password")
                return self.issue() if good else refused(401, "invalid_credentials")
            case "/account/refresh-token" | "/refresh" | "/oidc-client/desk/refresh":
                return self.renew(asked, body)
            case "/device/code":
                return Answered(
                    200,
                    {
                        "device_code": "canary-device",
                        "user_code": "BCDF-2345",
                        "verification_uri": f"{self.origin}/auth/activate",
                        "verification_uri_complete": f"{self.origin}/auth/activate?c=BCDF-2345",
                        "expires_in": 600,
                        "interval": 5,
                    },
                )
            case "/device/token":
                waiting = self.device_answers.pop(0) if self.device_answers else ""
                return refused(400, waiting) if waiting else self.issue()
            case "/oidc-client/desk/verify":
                good = body["id_token"] == "canary-id"
                return self.issue() if good else refused(401, "invalid_token")
            case "/logout":
                self.spent.add(body["refresh_token"])
                return Answered(200, {"status": "success"})
        return Answered(404, {"detail": "Not Found"})

    def issue(self) -> Answered:
        self.issued += 1
        self.access, self.refresh = f"canary-access-{self.issued}", f"canary-refresh-{self.issued}"
        return Answered(
            200,
            {
                "access_token": self.access,
                "expires_in": self.lives_s,
                "refresh_token": self.refresh,
                "refresh_expires_in": 2592000,
            },
        )

    def renew(self, asked: Asked, body: dict[str, Any]) -> Answered:
        if asked.path.endswith("refresh-token") and asked.headers.get("client-id") != "clinic":
            return Answered(400, {"code": 400, "error": "client"})
        if body["refresh_token"] != self.refresh or self.is_revoked:
            self.is_revoked = True
            return refused(401, "invalid_refresh_token")
        self.spent.add(self.refresh)
        return self.issue()

    def token_endpoint(self, asked: Asked) -> Answered:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if form["grant_type"] == "refresh_token":
            good = form["refresh_token"] == self.refresh
        else:
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            good = (form["code"], proof) == ("canary-code", self.challenge)
        if not good:
            return Answered(400, {"error": "invalid_grant"})
        answered = self.issue()
        answered.body["id_token"] = "canary-id"
        return answered
