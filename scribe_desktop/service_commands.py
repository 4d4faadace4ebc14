"""The commands about a service: who is signed in, its templates, its notes and its history."""

import os
from collections.abc import Callable
from pathlib import Path

from scribe_desktop.call import Answer, Call, dictated_patient
from scribe_desktop.domain.dictation import report
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import MAX_TEMPLATES, ServiceRef
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.exits import Exit
from scribe_desktop.protocol.sign_in import DeviceCode
from scribe_desktop.services.library import Library

_TELL_S = 10.0


def _service(call: Call) -> ServiceRef:
    named = call.request.get("service")
    if not named:
        return call.line.usual_order().service
    return call.line.service_named(named, call.request.get("dialect", ""))


def _library(call: Call, service: ServiceRef) -> Library:
    if call.request.get("token"):
        call.line.use_token(service, call.request["token"])
    return Library(call.program.client(service))


def _session(call: Call) -> Session:
    session = call.line.session(call.line.find(call.request["session_id"]))
    if session.remote is None:
        raise ScribeError(
            "The service does not have this dictation yet.", "Send it first, with “deliver”."
        )
    return session


def _remote_id(session: Session) -> str:
    return session.remote.remote_id if session.remote else ""


# --- accounts -----------------------------------------------------------------------------


def _sign_in(call: Call) -> Answer:
    service, request, accounts = _service(call), call.request, call.program.accounts
    if service.is_local:
        return Answer(Exit.DONE, {"service": service.name, "signed_in": True, "notice": ""})
    secret = request.get("secret", "")
    match request["way"]:
        case "token":
            notice = accounts.with_token(service, secret)
        case "client":
            notice = accounts.with_client(service, request["name"], secret)
        case "password":
            notice = accounts.with_password(service, request["name"], secret)
        case "browser":
            notice = _in_browser(call, service)
        case _:
            notice = accounts.with_device(service, lambda code: _show(call, code), call.wishes.stop)
    call.line.send_now()
    return Answer(Exit.DONE, {"service": service.name, "signed_in": True, "notice": notice})


def _show(call: Call, code: DeviceCode) -> None:
    address = code.verification_uri
    call.emit({"warning": f"Open {address} in a browser and type {code.user_code}."})


def _in_browser(call: Call, service: ServiceRef) -> str:
    import webbrowser

    found = call.program.client(service).discovered()
    if found.oidc is None:
        raise ScribeError(
            "This service does not offer to sign in with the browser.", "Use a token instead."
        )

    def open_page(url: str) -> None:
        call.emit({"warning": f"If no browser opens, open {url}"})
        webbrowser.open(url)

    return call.program.accounts.with_browser(
        service, found.oidc, call.request["name"], open_page, call.wishes.stop
    )


def _sign_out(call: Call) -> Answer:
    service = _service(call)
    if not service.is_local:
        call.program.accounts.sign_out(service)
    return Answer(Exit.DONE, {"service": service.name, "signed_in": service.is_local, "notice": ""})


# --- templates and history ------------------------------------------------------------------


def _templates(call: Call) -> Answer:
    listed = _library(call, _service(call)).templates()
    return Answer(
        Exit.DONE,
        [
            {"id": one.template_id, "name": one.name, "description": one.description}
            for one in listed
        ],
    )


def _template_save(call: Call) -> Answer:
    library, request = _library(call, _service(call)), call.request
    template_id = request.get("id", "")
    if template_id:
        library.change_template(template_id, request["title"], request["text"])
    else:
        template_id = library.create_template(request["title"], request["text"])
    return Answer(Exit.DONE, {"id": template_id, "name": request["title"]})


def _template_delete(call: Call) -> Answer:
    _library(call, _service(call)).delete_template(call.request["id"])
    return Answer(Exit.DONE, {"id": call.request["id"], "name": ""})


def _history_delete(call: Call) -> Answer:
    """Take a session out of what the service shows; its own rules say what becomes of it."""
    _library(call, _service(call)).archive(call.request["id"])
    return Answer(Exit.DONE, {"id": call.request["id"]})


def _history(call: Call) -> Answer:
    past = _library(call, _service(call)).history(call.request.get("patient_oid", ""))
    return Answer(
        Exit.DONE,
        [
            {
                "remote_session_id": one.remote_id,
                "created_at": one.created_at,
                "mode": one.mode,
                "status": one.status,
            }
            for one in past
        ],
    )


# --- one dictation --------------------------------------------------------------------------


def _fill(call: Call) -> Answer:
    """Run another template over a dictation that is done."""
    session, template_id = _session(call), call.request["template_id"]
    library = _library(call, session.order.service)
    if session.remote is not None:
        results = library.fill_template(session.remote, template_id, call.wishes.stop)
        for note in results.notes:
            if note.template_id == template_id:
                call.line.add_note(session.session_id, note)
    return Answer(Exit.DONE, report(call.line.dictation(session.session_id)))


def _push(call: Call) -> Answer:
    """Save the notes as they are here, edits included, on the service."""
    from scribe_desktop.export.documents import note_text

    session = _session(call)
    library = _library(call, session.order.service)
    versions = call.line.shown_versions(session.session_id)
    saved = [
        library.save_document(
            _remote_id(session),
            note_text(note),
            document_id=note.document_id,
            template_id=note.template_id,
        ).document_id
        for note in (versions[-1].results.notes if versions else ())
        if note.content is not None
    ]
    return Answer(Exit.DONE, {"session_id": session.session_id, "documents": saved})


def _documents(call: Call) -> Answer:
    """The notes of a dictation as the service keeps them."""
    session = _session(call)
    listed = _library(call, session.order.service).documents(_remote_id(session))
    return Answer(
        Exit.DONE,
        [
            {
                "id": one.document_id,
                "template": one.template_id,
                "name": one.name,
                "status": one.status,
                "updated_at": one.updated_at,
            }
            for one in listed
        ],
    )


def _document_read(call: Call) -> Answer:
    text = _library(call, _service(call)).document_text(call.request["id"])
    return Answer(Exit.DONE, {"id": call.request["id"], "text": text})


def _document_save(call: Call) -> Answer:
    """Save a text on the service: a new note of a dictation, or in the place of one."""
    session, request = _session(call), call.request
    document = _library(call, session.order.service).save_document(
        _remote_id(session),
        request["text"],
        document_id=request.get("id", ""),
        template_id=request.get("template_id", ""),
        name=request.get("name", ""),
    )
    return Answer(Exit.DONE, {"id": document.document_id, "text": request["text"]})


def _document_delete(call: Call) -> Answer:
    _library(call, _service(call)).delete_document(call.request["id"])
    return Answer(Exit.DONE, {"id": call.request["id"], "text": ""})


def _fetch_audio(call: Call) -> Answer:
    """Save the whole recording as the service has it, when it has put it together."""
    session = _session(call)
    library = _library(call, session.order.service)
    body = library.whole_recording(_remote_id(session), call.wishes.stop)
    path = Path(call.request["output"])
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
    except OSError as error:
        raise ScribeError(
            "The recording could not be saved there.",
            "Choose a name that does not exist yet, in a folder you may write to.",
        ) from error
    return Answer(Exit.DONE, {"session_id": session.session_id, "bytes": len(body)})


def _amend(call: Call) -> Answer:
    """Change patient, templates or languages; the service is told by itself."""
    from dataclasses import replace

    session_id = call.line.find(call.request["session_id"])
    order, request = call.line.session(session_id).order, call.request
    templates = tuple(request.get("template", order.templates))
    if len(templates) > MAX_TEMPLATES:
        raise ScribeError("A dictation can fill at most two templates.", "Name two.")
    call.line.amend(
        session_id,
        replace(
            order,
            patient=dictated_patient(request) if "patient" in request else order.patient,
            templates=templates,
            languages=tuple(request.get("language", order.languages)),
        ),
    )
    _tell_change(call, session_id)
    return Answer(Exit.DONE, report(call.line.dictation(session_id)))


def _tell_change(call: Call, session_id: SessionId) -> None:
    """Wait a moment until the service knows; where it cannot, it is told at the next occasion."""
    line, wishes = call.line, call.wishes
    session = line.session(session_id)
    if session.remote is None:
        return
    if call.request.get("token"):
        line.use_token(session.order.service, call.request["token"])
    call.program.deliver()
    end_watch = line.subscribe(lambda _: wishes.stir())
    try:
        line.send_now()

        def told() -> bool:
            return not line.session(session_id).amended or wishes.stop.is_set()

        if not wishes.wait_for(told, timeout_s=_TELL_S):
            call.emit({"warning": "It is changed here. The service is told when it answers."})
    finally:
        end_watch()


COMMANDS: dict[str, Callable[[Call], Answer]] = {
    "sign-in": _sign_in,
    "sign-out": _sign_out,
    "templates": _templates,
    "template-save": _template_save,
    "template-delete": _template_delete,
    "history": _history,
    "history-delete": _history_delete,
    "fill": _fill,
    "push": _push,
    "documents": _documents,
    "document-read": _document_read,
    "document-save": _document_save,
    "document-delete": _document_delete,
    "fetch-audio": _fetch_audio,
    "amend": _amend,
}
