"""Speaks to one scribe service: opens a session, sends it, asks for its result.

Every method is one round trip, or two where a server makes it so, and raises
nothing but ServiceError. What to do next is never decided here.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.machine import candidate_remote_id
from scribe_desktop.domain.offer import Health, Offer, TemplateOffer
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Json, NoteStatus, Results
from scribe_desktop.domain.session import Remote, Session
from scribe_desktop.protocol import discovery, errors, library, origins, requests, responses
from scribe_desktop.protocol.dialects import DIALECTS, Dialect, dialect_of
from scribe_desktop.protocol.reading import Unreadable, http_date, read_json, retry_after_s
from scribe_desktop.services.address import Address
from scribe_desktop.services.wire import (
    JSON_S,
    LARGEST_REPLY,
    POLL_S,
    Outgoing,
    Reply,
    Wire,
    upload_seconds,
)

END_SETTLES_S = 10.0
"""How long a service may take to answer End: cut off sooner, it might be told a second time."""

_NO_SUCH_LIST = frozenset({404, 405})

_NOT_HANDED_OUT = "The service did not hand out this note. Run its template again."

_FORM_REFUSED = frozenset({400, 401, 403, 404, 410})
"""Storage knows no session and no account: so it refuses the form, not us."""


class Client:
    """One service and account.

    `address` is asked before every call, because the service of this computer
    has another port after each start; it may raise ServiceError.
    """

    def __init__(
        self,
        service: str,
        address: Callable[[], Address],
        *,
        now: Callable[[], float] = time.time,
        wire: Wire | None = None,
    ) -> None:
        self.service = service
        self._address = address
        self._now = now
        self._wire = wire or Wire()
        self._discovered: tuple[str, float, discovery.Discovered] | None = None
        self._skew_s: float | None = None

    @property
    def clock_skew_s(self) -> float | None:
        """How far the service's clock is ahead of ours; None if it never said."""
        return self._skew_s

    def cut(self, quiet_s: float = 0.0) -> None:
        """End what is in flight and will be tried again, if nothing moved for so long."""
        self._wire.cut(quiet_s)

    def abort(self) -> None:
        """End what is in flight and refuse what comes later; from any thread."""
        self._wire.abort()

    def close(self) -> None:
        """Abort, and give back sockets."""
        self._wire.close()

    # --- what it offers ----------------------------------------------------------------

    def discover(self) -> Offer:
        """What the service offers now, templates included.

        The document is kept for as long as its headers allow. Templates that
        cannot be listed leave the rest of the offer standing.
        """
        found = self.discovered()
        offer = found.offer
        try:
            return replace(offer, templates=self.templates())
        except ServiceError as error:
            if error.retry is Retry.AFTER_SIGN_IN:
                return replace(offer, health=Health.SIGNED_OUT, sentence=str(error))
            return offer

    def discovered(self) -> discovery.Discovered:
        """The discovery document, from both places where servers keep it."""
        address = self._address()
        kept = self._discovered
        if kept is not None and kept[0] == address.base_url and self._now() < kept[1]:
            return kept[2]
        failure = errors.unreadable(0)
        for url in _discovery_addresses(address.base_url):
            reply = self._wire.send(Outgoing("GET", url))
            self._note_clock(reply.headers)
            try:
                if not reply.is_success:
                    raise self._refusal(reply, in_session=False)
                found = discovery.read_discovery(reply.body, self.service, address.base_url)
            except Unreadable:
                failure = errors.unreadable(reply.status)
            except ServiceError as error:
                failure = error
            else:
                if address.dialect in DIALECTS:
                    found = replace(found, offer=replace(found.offer, dialect=address.dialect))
                until = self._now() + discovery.cache_s(reply.headers)
                self._discovered = (address.base_url, until, found)
                return found
        raise failure

    def templates(self) -> tuple[TemplateOffer, ...]:
        """The templates of this account, from whichever list the service keeps."""
        failure = errors.unreadable(HTTPStatus.OK)
        for request in requests.template_lists(self.dialect()):
            try:
                return discovery.read_templates(self.call(request).body)
            except Unreadable:
                failure = errors.unreadable(HTTPStatus.OK)
            except ServiceError as error:
                if error.status not in _NO_SUCH_LIST:
                    raise
                failure = error
        raise failure

    # --- one session -------------------------------------------------------------------

    def create(self, session: Session) -> Remote:
        """Open the session on the service.

        "Taken" means that an earlier attempt arrived and its reply was lost.
        """
        try:
            reply = self.call(requests.create(session, self.dialect()), is_repeated=True)
        except ServiceError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            return self._adopt(candidate_remote_id(session))
        try:
            return responses.read_created(reply.body, self._address().base_url)
        except Unreadable as error:
            raise errors.unreadable(reply.status) from error

    def _adopt(self, remote_id: str) -> Remote:
        answer = self._status(remote_id)
        if isinstance(answer, responses.Processing) and not answer.ended:
            return answer.remote
        raise errors.refusal(HTTPStatus.GONE, b"", in_session=True)

    def upload(self, remote: Remote, chunk: EncodedChunk) -> None:
        """Send one chunk; returning means that the service has it."""
        address = self._address()
        dialect = self.dialect()
        try:
            plan = requests.upload(
                remote.upload_target, remote.remote_id, address.base_url, chunk, dialect
            )
        except Unreadable as error:
            raise errors.refusal(HTTPStatus.GONE, b"", in_session=True) from error
        except origins.ForbiddenAddress as error:
            raise errors.forbidden_address() from error
        if isinstance(plan, requests.FormUpload):
            self._upload_form(plan, chunk)
        else:
            self._upload_raw(plan, chunk)

    def _upload_raw(self, plan: requests.RawUpload, chunk: EncodedChunk) -> None:
        try:
            self._post_file(plan.url, plan.media_type, chunk.body)
        except ServiceError as error:
            if not errors.refuses_the_format(error):
                raise
            # Servers compare the label letter by letter, and not all the same letters.
            other = "" if plan.media_type else chunk.media_type
            self._post_file(plan.url, other, chunk.body)

    def _post_file(self, url: str, media_type: str, body: bytes) -> None:
        headers = {"Content-Type": media_type} if media_type else {}
        self._send(
            Outgoing(
                "POST",
                url,
                headers,
                body=body,
                within_s=upload_seconds(len(body)),
                is_repeated=True,
            ),
            in_session=True,
        )

    def _upload_form(self, plan: requests.FormUpload, chunk: EncodedChunk) -> None:
        """Storage gets the form and the file and never a credential of ours."""
        outgoing = Outgoing(
            "POST",
            plan.url,
            form=plan.fields,
            file=(plan.file_name, chunk.body, plan.media_type),
            within_s=upload_seconds(len(chunk.body)),
            is_repeated=True,
        )
        self._presigned(outgoing)

    def end(self, remote: Remote, count: int) -> responses.EndReceipt:
        """Say that `count` files were all; "already ended" is a success.

        Until the status denies it: a success is believed whatever its body holds.
        """
        try:
            request = requests.end(remote.remote_id, count)
            reply = self.call(request, in_session=True, settles_s=END_SETTLES_S)
        except ServiceError as error:
            if error.code in errors.ALREADY_ENDED or errors.says_taken(error):
                return responses.EndReceipt()
            raise
        return responses.read_ended(reply.body)

    def send_text(self, remote: Remote, text: str) -> None:
        """Send the text that the notes are to be written from, instead of audio."""
        request = library.upload_transcript(remote.remote_id, text)
        self.call(request, in_session=True, settles_s=END_SETTLES_S)

    def get(self, remote: Remote) -> responses.Answer:
        """Ask how the session stands, with all that its answer refers to."""
        answer = self._status(remote.remote_id)
        if isinstance(answer, responses.Finished) and answer.to_fetch:
            return responses.Finished(self._fetched(answer), received=answer.received)
        return answer

    def _status(self, remote_id: str) -> responses.Answer:
        base_url = self._address().base_url
        try:
            reply = self.call(requests.get(remote_id), in_session=True, within_s=POLL_S)
        except ServiceError as error:
            if error.retry is Retry.FRESH_SESSION:
                return responses.Gone()
            if error.status == HTTPStatus.CONFLICT:
                # A question changes nothing, so it cannot be in anything's way.
                raise errors.unreadable(error.status) from error
            raise
        wait = retry_after_s(reply.headers, self._now())
        try:
            return responses.read_answer(reply.status, reply.body, remote_id, base_url, wait)
        except Unreadable as error:
            raise errors.unreadable(reply.status) from error

    def _fetched(self, answer: responses.Finished) -> Results:
        notes = list(answer.results.notes)
        for place, url in answer.to_fetch:
            try:
                notes[place] = replace(
                    notes[place], content=_content(self.fetch(url, is_repeated=True))
                )
            except ServiceError as error:
                if error.code != errors.FORM_EXPIRED:
                    raise
                # The transcript and the other notes must not wait for this one.
                notes[place] = replace(
                    notes[place],
                    status=NoteStatus.FAILED,
                    errors=(*notes[place].errors, _NOT_HANDED_OUT),
                )
        return replace(answer.results, notes=tuple(notes))

    def fetch(self, url: str, *, largest: int = LARGEST_REPLY, is_repeated: bool = False) -> bytes:
        """What lies at a presigned address; no credential goes there."""
        within_s = upload_seconds(largest // 100)
        return self._presigned(
            Outgoing("GET", url, within_s=within_s, largest=largest, is_repeated=is_repeated)
        )

    def put(self, url: str, body: bytes, media_type: str) -> None:
        """Put something at a presigned address; no credential goes there."""
        headers = {"Content-Type": media_type}
        self._presigned(
            Outgoing("PUT", url, headers, body=body, within_s=upload_seconds(len(body)))
        )

    def _presigned(self, outgoing: Outgoing) -> bytes:
        reply = self._wire.send(outgoing)
        if reply.is_success:
            return reply.body
        if reply.status in _FORM_REFUSED:
            raise errors.form_expired(reply.status)
        raise self._refusal(reply, in_session=False)

    def amend(self, remote: Remote, order: Order) -> None:
        """Tell the service what the clinician changed."""
        self.call(requests.amend(remote.remote_id, order, self.dialect()), in_session=True)

    def withdraw(self, remote: Remote) -> None:
        """Tell the service that the clinician threw the dictation away."""
        self.call(requests.withdraw(remote.remote_id), in_session=True)

    # --- the one way to call -----------------------------------------------------------

    def dialect(self) -> Dialect:
        """How this service is spoken to: as set, as discovered, or the likeliest."""
        address = self._address()
        found = self._discovered
        if address.dialect not in DIALECTS and found is not None and found[0] == address.base_url:
            return DIALECTS[found[2].offer.dialect]
        return dialect_of(address.dialect, address.base_url)

    def call(
        self,
        request: requests.Request,
        *,
        in_session: bool = False,
        is_repeated: bool = False,
        within_s: float = JSON_S,
        settles_s: float = 0.0,
    ) -> Reply:
        """Make one JSON call with this account's credential; raises ServiceError."""
        base_url = self._address().base_url
        try:
            base = origins.root(base_url) if request.at_root else base_url
        except origins.ForbiddenAddress as error:
            raise errors.forbidden_address() from error
        headers, body = dict(request.headers), None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request.body).encode()
        outgoing = Outgoing(
            request.method,
            origins.join(base, request.path),
            headers,
            request.query,
            body,
            within_s=within_s,
            is_repeated=is_repeated or in_session,
            settles_s=settles_s,
        )
        return self._send(outgoing, in_session=in_session)

    def _send(self, outgoing: Outgoing, *, in_session: bool) -> Reply:
        """Send with the credential; a refused one is renewed once and the call repeated."""
        address = self._address()
        token = address.tokens.token() if self._is_home(outgoing.url, address) else ""
        reply = self._wire.send(_with_credential(outgoing, token, self.dialect()))
        if reply.status == HTTPStatus.UNAUTHORIZED and token:
            token = address.tokens.renew(token)
            reply = self._wire.send(_with_credential(outgoing, token, self.dialect()))
        self._note_clock(reply.headers)
        if not reply.is_success:
            raise self._refusal(reply, in_session=in_session)
        if reply.headers.get("content-type", "").lower().startswith("text/html"):
            # A page of the network's or a proxy's; to take it for an
            # acknowledgement would lose what was sent.
            raise errors.unreadable(reply.status)
        return reply

    def _is_home(self, url: str, address: Address) -> bool:
        try:
            return origins.same_origin(url, address.base_url)
        except origins.ForbiddenAddress as error:
            raise errors.forbidden_address() from error

    def _refusal(self, reply: Reply, *, in_session: bool) -> ServiceError:
        wait = retry_after_s(reply.headers, self._now())
        return errors.refusal(reply.status, reply.body, in_session=in_session, retry_after_s=wait)

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        theirs = http_date(headers.get("date", ""))
        if theirs is not None:
            self._skew_s = theirs - self._now()


def _discovery_addresses(base_url: str) -> tuple[str, ...]:
    try:
        return discovery.addresses(base_url)
    except origins.ForbiddenAddress as error:
        raise errors.forbidden_address() from error


def _with_credential(outgoing: Outgoing, token: str, dialect: Dialect) -> Outgoing:
    if not token:
        return outgoing
    if dialect.api_keys and token.startswith(dialect.api_keys):
        credential = {"X-API-Key": token}
    else:
        credential = {"Authorization": f"Bearer {token}"}
    return replace(outgoing, headers={**outgoing.headers, **credential})


def _content(body: bytes) -> Json:
    """A fetched note: a tree if it is one, else the text that it is."""
    try:
        return read_json(body)
    except Unreadable:
        return body.decode("utf-8", "replace")
