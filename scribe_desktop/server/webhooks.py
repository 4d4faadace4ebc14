"""Tells other programs on this computer when a session changes, signed so that they can trust it.

A notice says which session and what happened, never what was said: the
receiver fetches the rest with its own token. Notices wait in the store until
they were delivered or have become a day old. Only addresses on this computer
are taken, because a service that calls any address it is given can be used
to reach what its caller cannot.
"""

import hashlib
import hmac
import http.client
import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.guard import is_loopback
from scribe_desktop.server.moments import iso
from scribe_desktop.server.refusals import Refusal, invalid
from scribe_desktop.server.sessions import Session
from scribe_desktop.server.store import Store

_log = logging.getLogger(__name__)

EVENTS = tuple(
    f"session.{event}"
    for event in ("started", "ended", "completed", "partial", "failed", "expired")
)
_EKA_SERVICE = "v2rx"
EKA_EVENT = "v2rx.completed"

_MAX_WEBHOOKS = 50
_TIMEOUT_S = 10.0
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 3600.0
_GIVE_UP_S = 24 * 3600.0
_OK = range(200, 300)

Post = Callable[[str, bytes, dict[str, str]], int]


@dataclass(frozen=True)
class Webhook:
    """One address to be told; `dialect` decides the words of the notice."""

    id: str
    dialect: str
    url: str
    events: tuple[str, ...]
    secret: str
    created_at: float


class Webhooks:
    """The addresses, the waiting notices, and the thread that delivers them."""

    def __init__(self, store: Store, now: Callable[[], float], post: Post | None = None) -> None:
        self._store = store
        self._now = now
        self._post = post or post_to_this_computer
        self._changed = threading.Condition()
        self._stopping = False
        self._fresh = True
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver, with what an earlier run left."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop; what waits is delivered by the next run."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def add(self, dialect: str, url: str, events: tuple[str, ...], secret: str) -> Webhook:
        """Store a new address; raises Refusal when it is not on this computer."""
        _check_url(url)
        known = {"eka": (EKA_EVENT,), "spec": EVENTS}[dialect]
        if not events or set(events) - set(known):
            raise invalid(f"The events must be from: {', '.join(known)}.", field="events")
        made = Webhook("wh_" + secrets.token_hex(10), dialect, url, events, secret, self._now())
        with self._store.writing() as rows:
            count = rows.execute("SELECT count(*) FROM webhooks").fetchone()[0]
            if count >= _MAX_WEBHOOKS:
                raise Refusal(429, "rate_limit_exceeded", "There are too many webhooks.")
            rows.execute(
                "INSERT INTO webhooks VALUES (?, ?, ?)", (made.id, made.created_at, _json(made))
            )
        return made

    def all(self, dialect: str) -> list[Webhook]:
        """The addresses of one dialect, oldest first."""
        with self._store.reading() as rows:
            found = rows.execute("SELECT facts FROM webhooks ORDER BY created_at, id").fetchall()
        return [hook for row in found if (hook := _from_json(row[0])).dialect == dialect]

    def remove(self, webhook_id: str) -> None:
        """Forget an address and what waits for it; raises Refusal 404."""
        with self._store.writing() as rows:
            if not rows.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount:
                raise Refusal(404, "webhook_not_found", "There is no such webhook.")

    def notify(self, event: str, session: Session) -> None:
        """Put a notice down for everyone who asked for this event."""
        with self._store.writing() as rows:
            for row in rows.execute("SELECT facts FROM webhooks").fetchall():
                hook = _from_json(row[0])
                body = self._notice(hook, event, session)
                if body is not None:
                    now = self._now()
                    values = ("dl_" + secrets.token_hex(10), hook.id, body, now, now)
                    rows.execute("INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, 0)", values)
        with self._changed:
            self._fresh = True
            self._changed.notify_all()

    def deliver_due(self) -> float:
        """Try every notice that is due; returns the seconds until the next one is."""
        now = self._now()
        with self._store.reading() as rows:
            due = rows.execute(
                "SELECT d.id, d.body, d.made_at, d.attempts, w.facts FROM deliveries d"
                " JOIN webhooks w ON w.id = d.webhook_id WHERE d.due_at <= ? ORDER BY d.made_at",
                (now,),
            ).fetchall()
        for delivery_id, body, made_at, attempts, facts in due:
            over = self._delivered(_from_json(facts), bytes(body)) or now - made_at > _GIVE_UP_S
            with self._store.writing() as rows:
                if over:
                    rows.execute("DELETE FROM deliveries WHERE id = ?", (delivery_id,))
                    continue
                pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempts, 20))
                rows.execute(
                    "UPDATE deliveries SET due_at = ?, attempts = attempts + 1 WHERE id = ?",
                    (now + pause, delivery_id),
                )
        with self._store.reading() as rows:
            soonest = rows.execute("SELECT min(due_at) FROM deliveries").fetchone()[0]
        return _LONGEST_PAUSE_S if soonest is None else max(0.05, soonest - self._now())

    def _run(self) -> None:
        while True:
            pause = _LONGEST_PAUSE_S
            with self._changed:
                self._fresh = False
                if self._stopping:
                    return
            try:
                pause = self.deliver_due()
            except ScribeError:
                _log.warning("notices to webhooks could not be read; tried again later")
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._fresh, pause)

    def _delivered(self, hook: Webhook, body: bytes) -> bool:
        stamp = int(self._now())
        name = "Eka-Webhook-Signature" if hook.dialect == "eka" else "X-MSA-Signature"
        headers = {
            "Content-Type": "application/json",
            name: f"t={stamp},v1={signature(hook.secret, stamp, body)}",
        }
        try:
            return self._post(hook.url, body, headers) in _OK
        except (OSError, http.client.HTTPException) as error:
            _log.info("webhook %s could not be reached: %s", hook.id, type(error).__name__)
            return False

    def _notice(self, hook: Webhook, event: str, session: Session) -> bytes | None:
        moment = iso(self._now())
        notice: dict[str, Any] = {"event": event, "timestamp": moment, "session_id": session.id}
        if hook.dialect == "eka":
            if event not in {"session.completed", "session.partial"}:
                return None
            notice = _eka_notice(session, moment)
        elif event not in hook.events:
            return None
        return json.dumps(notice).encode()


def _eka_notice(session: Session, moment: str) -> dict[str, Any]:
    """Both forms in one: what the cloud's page describes, and what its client libraries read."""
    data = {"transaction_id": session.id, "session_id": session.id, "status": session.status}
    return {
        "business_id": "this-computer",
        "client_id": "this-computer",
        "service_id": _EKA_SERVICE,
        # The same for the same result, so that a repeated notice is known again.
        "event_id": f"evt_{session.id.removeprefix('ses_')}_{session.status}",
        "payload": {
            "service": _EKA_SERVICE,
            "event": EKA_EVENT,
            "event_time": moment,
            "transaction_id": session.id,
            "data": data,
        },
        "event": EKA_EVENT,
        "timestamp": moment,
        "data": data,
    }


def signature(secret: str, stamp: int, body: bytes) -> str:
    """What a receiver computes to know that the notice is ours and from when it is."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def post_to_this_computer(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST without following anything; returns the status. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and is_loopback(parts.hostname or "")
        good = good and parts.port != 0 and parts.username is None and url.isascii()
        good = good and url.isprintable() and " " not in url
    except ValueError:
        good = False
    if not good:
        raise invalid("The address must be an http or https address on this computer.", field="url")


def _json(hook: Webhook) -> str:
    return json.dumps(asdict(hook), ensure_ascii=False)


def _from_json(text: str) -> Webhook:
    facts = json.loads(text)
    return Webhook(**facts | {"events": tuple(facts["events"])})
