from dataclasses import replace

import pytest

from scribe_desktop.domain.offer import Health, ModelOffer, Offer, TemplateOffer
from scribe_desktop.domain.order import Mode, Order, Patient, UploadType
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.protocol import (
    discovery,
    errors,
    library,
    origins,
    requests,
    sign_in,
    streaming,
)
from scribe_desktop.protocol.dialects import EKA, ONPREM, SPEC, dialect_of, guess
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.reading import Unreadable, texts
from scribe_desktop.protocol.responses import EndReceipt, read_created, read_ended

ORDER = Order(templates=("soap",), languages=("en",))


def session_of(order: Order) -> Session:
    return Session(SessionId("ses_" + "a" * 24), 0.0, order)


def test_a_create_says_everything_explicitly() -> None:
    body = requests.create(session_of(ORDER), EKA).body
    assert body is not None
    assert body == {
        "session_id": body["session_id"],
        "upload_type": "chunked",
        "communication_protocol": "http",
        "templates": ["soap"],
        "model": "pro",
        "session_mode": "dictation",
        "language_hint": ["en"],
        "additional_data": {},
    }
    assert 16 <= len(body["session_id"]) <= 32


def test_a_stream_is_created_over_a_websocket() -> None:
    body = requests.create(session_of(replace(ORDER, upload_type=UploadType.STREAM)), EKA).body
    assert body is not None
    assert body["communication_protocol"] == "websocket"


def test_auto_detection_is_asked_for_only_where_it_is_understood() -> None:
    order = replace(ORDER, languages=("auto_detect",))
    for known, hint in ((EKA, ["auto_detect"]), (ONPREM, ["en"]), (SPEC, ["en"])):
        assert requests.language_hint(order, known) == hint


@pytest.mark.parametrize(
    ("mobile", "sent"), [("5550100", 5550100), ("+1 555 0100", None), ("", None), ("٣٤", None)]
)
def test_a_mobile_number_travels_only_as_a_number(mobile: str, sent: int | None) -> None:
    patient = Patient(oid="o", name="n", age="54", gender="F", mobile=mobile)
    body = requests.patient_body(patient, EKA)
    assert body.get("mobile") == sent
    assert "mobile" not in requests.patient_body(patient, ONPREM)
    assert {key: body[key] for key in ("oid", "name", "age", "gender")} == {
        "oid": "o",
        "name": "n",
        "age": "54",
        "gender": "F",
    }


def test_a_change_says_only_what_every_server_takes() -> None:
    changed = replace(ORDER, patient=Patient(oid="o"), mode=Mode.CONSULTATION, model="lite")
    assert requests.amend("ses_1", changed, ONPREM).body == {
        "session_details": {"oid": "o"},
        "templates": ["soap"],
        "language_hint": ["en"],
    }
    assert "patient_details" in (requests.amend("ses_1", changed, EKA).body or {})


def test_an_id_of_the_services_cannot_leave_its_place_in_a_path() -> None:
    assert requests.end("../../x?y", 1).path == "sessions/..%2F..%2Fx%3Fy/end"
    assert requests.get("a/b", "t").query == {"template_id": "t"}
    assert library.archive("a/b").path.endswith("a%2Fb")


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("https://api.eka.care/voice/v1", EKA),
        ("https://eka.care/voice/v1", EKA),
        ("https://eka.care.evil.test/v1", SPEC),
        ("https://clinic.test/voice/v1", ONPREM),
        ("https://clinic.test/v1", SPEC),
        ("nonsense", SPEC),
    ],
)
def test_the_likeliest_dialect(url: str, dialect: object) -> None:
    assert guess(url) is dialect
    assert dialect_of("", url) is dialect
    assert dialect_of("onprem", url) is ONPREM


@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.test/v1",
        "ws://clinic.test/v1",
        "ftp://clinic.test",
        "https://",
        "https://user@evil.test/",
        "https://good.test\\@evil.test/",
        "https://good.test /",
        "https://good.test:99999/",
        "https://good.test:0/",
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
    ],
)
def test_nothing_is_sent_to_such_an_address(url: str) -> None:
    with pytest.raises(origins.ForbiddenAddress):
        origins.check(url)


@pytest.mark.parametrize(
    "url",
    ["https://clinic.test/v1", "http://127.0.0.1:8000/v1", "http://[::1]/v1", "http://LOCALHOST/"],
)
def test_such_an_address_is_safe(url: str) -> None:
    assert origins.check(url) == url


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origins.same_origin("https://A.test/x", "https://a.test:443/y")
    assert origins.same_origin("wss://a.test/x", "https://a.test")
    assert not origins.same_origin("https://a.test", "https://a.test:444")
    assert not origins.same_origin("http://127.0.0.1", "https://127.0.0.1")


def test_discovery_is_looked_for_at_both_places_once() -> None:
    assert discovery.addresses("https://a.test/voice/v1") == (
        "https://a.test/voice/v1/.well-known/medscribealliance",
        "https://a.test/.well-known/medscribealliance",
    )
    assert len(discovery.addresses("https://a.test/")) == 1


MINIMAL = b'{"protocol": "MedScribeAlliance"}'


def test_a_document_that_forgot_everything_still_serves() -> None:
    found = discovery.read_discovery(MINIMAL, "s", "https://a.test/v1")
    assert found.offer == Offer("s", Health.READY, dialect="spec")
    assert found.oidc is None


def test_languages_come_from_the_models_if_nowhere_else() -> None:
    body = (
        b'{"protocol": "medscribealliance", "models": [{"id": "a", "languages": ["en", "hi"]},'
        b' {"id": "b", "languages": ["en", "auto_detect"]}, {"name": "no id"}],'
        b' "capabilities": {"max_chunk_duration_seconds": 0}}'
    )
    offer = discovery.read_discovery(body, "s", "https://a.test/v1").offer
    assert offer.languages == ("en", "hi")
    assert [model.model_id for model in offer.models] == ["a", "b"]
    assert offer.max_chunk_s == 20.0


@pytest.mark.parametrize(
    ("body", "url", "dialect"),
    [
        (b'{"capabilities": {"storage_providers": []}}', "https://a.test/v1", "onprem"),
        (b"{}", "https://api.eka.care/voice/v1", "eka"),
        (b'{"service": {"name": "EkaScribe"}}', "https://a.test/v1", "eka"),
        (b'{"service": {"name": "Eka Care"}}', "https://a.test/v1", "eka"),
        (b'{"service": {"name": "Eureka"}}', "https://a.test/v1", "spec"),
        (b"{}", "https://a.test/voice/v1", "eka"),
    ],
)
def test_the_dialect_is_told_by_what_only_one_family_writes(
    body: bytes, url: str, dialect: str
) -> None:
    document = body[:-1] + (b", " if len(body) > 2 else b"") + b'"protocol": "medscribealliance"}'
    assert discovery.read_discovery(document, "s", url).offer.dialect == dialect


def test_oidc_is_offered_only_with_both_endpoints() -> None:
    body = (
        b'{"protocol": "medscribealliance", "authentication": {"supported_methods": ["oidc"],'
        b' "oidc": {"issuer": "i", "authorization_endpoint": "https://a", "token_endpoint":'
        b' "https://t", "scopes_supported": ["openid"]}}, "endpoints": {"templates_url": "t",'
        b' "webhooks_url": "w"}}'
    )
    found = discovery.read_discovery(body, "s", "https://a.test/v1")
    assert found.oidc == Oidc("i", "https://a", "https://t", ("openid",))
    assert (found.templates_url, found.webhooks_url) == ("t", "w")
    assert found.sign_in_methods == ("oidc",)


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("", 3600.0),
        ("max-age=10800", 10800.0),
        ("public, max-age=60", 60.0),
        ("no-store", 0.0),
        ("no-cache", 0.0),
        ("max-age=nonsense", 3600.0),
        ("max-age=99999999", 86400.0),
        ("max-age=-5", 0.0),
    ],
)
def test_how_long_a_document_is_kept(control: str, seconds: float) -> None:
    assert discovery.cache_s({"cache-control": control}) == seconds


def test_both_lists_of_templates() -> None:
    own = b'{"templates": [{"id": "a", "name": "A", "description": "d"}, {"name": "no id"}, 3]}'
    platform = b'{"items": [{"id": "a", "title": "A", "desc": "d"}]}'
    assert discovery.read_templates(own) == (TemplateOffer("a", "A", "d"),)
    assert discovery.read_templates(platform) == (TemplateOffer("a", "A", "d"),)
    with pytest.raises(Unreadable):
        discovery.read_templates(b'{"templates": {}}')


def test_an_offer_is_remembered_whole() -> None:
    offer = Offer(
        "s",
        Health.READY,
        models=(ModelOffer("a", "A", ("en",), 60.0, live_text=True),),
        languages=("en",),
        templates=(TemplateOffer("t", "T"),),
        audio_formats=("audio/wav",),
    )
    assert discovery.read_offer(discovery.offer_record(offer)) == offer


def test_a_session_without_an_id_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_created(b'{"status": "created"}', "https://a.test/v1")


def test_a_receipt_with_an_odd_body_is_a_receipt() -> None:
    assert read_ended(b"<html>") == EndReceipt()
    assert read_ended(
        b'{"audio_files_received": 3, "audio_files": ["0.webm", "s3://b/1.webm"]}'
    ) == (EndReceipt(3, ("0.webm", "s3://b/1.webm")))


def test_texts_take_a_string_a_list_or_nothing() -> None:
    assert texts("en") == ("en",)
    assert texts(["en", "en", 3, None, "", {}]) == ("en", "3")
    assert texts(None) == ()


@pytest.mark.parametrize("code", ["unreachable", "timed_out", "broken_off", "untrusted", "aborted"])
def test_no_answer_is_a_sentence(code: str) -> None:
    error = errors.unreachable(code)
    assert "safe" in str(error)
    assert (error.status, error.code, error.retry) == (0, code, "later")


def test_every_rule_has_a_sentence() -> None:
    for rule in (*errors.BY_CODE.values(), *errors.BY_STATUS.values()):
        assert rule.message.endswith(".")


# --- signing in ----------------------------------------------------------------------------


def test_a_grant_without_a_usable_token_is_unreadable() -> None:
    for body in (b"{}", b'{"access_token": "a b"}', b'{"access_token": "\\n"}'):
        with pytest.raises(Unreadable):
            sign_in.read_grant(body)
    odd = sign_in.read_grant(b'{"access_token": "t", "refresh_token": "a b", "expires_in": -5}')
    assert (odd.refresh, odd.lives_s) == ("", None)
    assert "t" not in repr(odd).replace("Grant", "").replace("lives_s=None", "")


def test_terms_survive_being_stored_and_damaged() -> None:
    grant = sign_in.Grant("a", "r", 100.0)
    terms = sign_in.terms_of(grant, 1000.0, sign_in.Family.CLIENT, "id")
    assert (terms.renew_at, terms.ends_at) == (1080.0, 1100.0)
    assert sign_in.read_terms(sign_in.terms_text(terms)) == terms
    assert sign_in.read_terms("nonsense") == sign_in.Terms()
    assert sign_in.read_terms('{"family": "unheard of"}') == sign_in.Terms()
    assert sign_in.terms_of(sign_in.Grant("a"), 0.0, sign_in.Family.PASTED).renew_at is None


def test_each_family_is_renewed_in_its_own_way() -> None:
    paths = {
        family: request.path if request is not None else None
        for family in sign_in.Family
        for request in [sign_in.refresh_call(sign_in.Terms(family, "id"), "a", "r")]
    }
    assert paths == {
        sign_in.Family.PASTED: None,
        sign_in.Family.CLIENT: "connect-auth/v1/account/refresh-token",
        sign_in.Family.ONPREM: "connect-auth/v1/refresh",
        sign_in.Family.EKA_OIDC: "connect-auth/v1/oidc-client/id/refresh",
        sign_in.Family.OIDC: None,
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"user_code": "A", "verification_uri": "https://a.test"}',
        b'{"device_code": "d", "verification_uri": "https://a.test"}',
        b'{"device_code": "d", "user_code": "A", "verification_uri": "file:///etc/passwd"}',
        (
            b'{"device_code": "d", "user_code": "A", "verification_uri": "https://a.test",'
            b' "verification_uri_complete": "javascript:alert(1)"}'
        ),
    ],
)
def test_a_device_code_that_cannot_be_used_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sign_in.read_device_code(body)


def login() -> sign_in.BrowserLogin:
    oidc = Oidc("i", "https://a.test/authorize?tenant=1", "https://a.test/token")
    return sign_in.BrowserLogin(oidc, "id", "http://127.0.0.1:1/x", "verifier", "state")


def test_a_sign_in_page_keeps_the_services_own_query() -> None:
    assert login().url().startswith("https://a.test/authorize?tenant=1&response_type=code")
    assert "verifier" not in login().url()
    assert "verifier" not in repr(login())


@pytest.mark.parametrize("came", ["/x?state=other&code=c", "/x?state=state", "/x", ""])
def test_an_answer_without_our_state_or_a_code_is_unreadable(came: str) -> None:
    with pytest.raises(Unreadable):
        login().code(came)


# --- streams --------------------------------------------------------------------------------


def test_a_stream_goes_only_to_a_safe_socket() -> None:
    target = requests.upload_target
    assert streaming.stream_url(target("wss://a.test/s")) == "wss://a.test/s"
    refused: tuple[object, ...] = ("https://a.test/s", "ws://a.test/s", "?", "", {"uploadData": 1})
    for url in refused:
        with pytest.raises(Unreadable):
            streaming.stream_url(target(url))


def test_live_text_is_found_or_not() -> None:
    assert streaming.live_text('{"transcript": "So far"}') == "So far"
    assert streaming.live_text('{"transcript": {"text": "So far"}}') == "So far"
    assert streaming.live_text('{"event": "other"}') == ""
    assert streaming.live_text("nonsense") == ""


# --- around a session -------------------------------------------------------------------------


def test_requests_of_the_library() -> None:
    assert library.history("o", 5).query == {"count": "5", "oid": "o"}
    assert library.fill_template("s", "t", "d").query == {"document_id": "d"}
    text = library.upload_transcript("s", "words", "t", "en").body
    assert text == {"transcript": "words", "template_id": "t", "target_language": "eng"}
    assert library.upload_transcript("s", "words").body == {"transcript": "words"}


def test_replies_of_the_library() -> None:
    past = library.read_history(
        b'{"data": [{"txn_id": "s", "created_at": "2026-08-20T10:00:00Z"}, {"b_id": "x"}]}'
    )
    assert [session.remote_id for session in past] == ["s"]
    assert library.read_audio(b'{"audio_url": "https://a", "expires_at": 1787220000}') == (
        library.Recording("https://a", 1787220000.0)
    )
    assert library.started_document_id(b"event: x\n\n") == ""
    assert library.started_document_id(b'{"document_id": "d"}') == "d"
    for reader in (library.read_audio, library.read_document, library.read_template_id):
        with pytest.raises(Unreadable):
            reader(b"{}")


def test_the_other_requests_of_the_library() -> None:
    told = [
        library.history(),
        library.archive("s"),
        library.detail("s"),
        library.audio("s"),
        library.fill_template("s", "t"),
        library.save_document("s", document_id="d", template_id="t", name="Letter"),
        library.read_document_request("d"),
        library.delete_document("d"),
        library.create_template("Letter", "## Dear"),
        library.change_template("t", "Letter", "## Dear"),
        library.delete_template("t"),
    ]
    assert [(request.method, request.path, request.at_root) for request in told] == [
        ("GET", "voice/api/v2/transaction/history", True),
        ("DELETE", "voice/api/v2/transaction/s", True),
        ("GET", "voice/api/v1/sessions/s", True),
        ("GET", "sessions/s/audio", False),
        ("POST", "sessions/s/process/template/t", False),
        ("POST", "voice/api/v1/documents", True),
        ("GET", "voice/api/v1/documents/d", True),
        ("DELETE", "voice/api/v1/documents/d", True),
        ("POST", "voice/api/v1/template", True),
        ("PATCH", "voice/api/v1/template/t", True),
        ("DELETE", "voice/api/v1/template/t", True),
    ]
    assert told[5].body == {
        "session_id": "s",
        "status": "success",
        "type": "notes",
        "document_id": "d",
        "template_id": "t",
        "document_name": "Letter",
    }
    assert told[8].body == {
        "title": "Letter",
        "desc": "## Dear",
        "section_ids": [],
        "type": "custom",
    }


def test_documents_of_a_session_and_of_one_call() -> None:
    entry = b'{"document_id": "d", "session_id": "s", "download_url": "https://a", "created_at": 1}'
    found = library.read_document(b'{"data": ' + entry + b"}")
    assert found == library.Document("d", "s", url="https://a", updated_at=1.0)
    detail = b'{"data": {"documents": [' + entry + b', {"session_id": "s"}]}}'
    assert library.read_detail(detail) == (found,)
    assert library.read_template_id(b'{"template_id": "t", "msg": "ok"}') == "t"


def test_requests_of_a_sign_in() -> None:
    code = sign_in.DeviceCode("d", "BCDF-2345", "https://a.test", "https://a.test", 600, 5)
    told = [
        sign_in.client_login("i", "s"),
        sign_in.password_login("u", "p"),
        sign_in.device_code(),
        sign_in.device_token(code),
        sign_in.id_token_login("a/b", "t"),
        sign_in.logout("r"),
    ]
    assert [(request.path.removeprefix("connect-auth/v1/"), request.body) for request in told] == [
        ("account/login", {"client_id": "i", "client_secret": "s"}),
        ("login", {"username": "u", "password": "p"}),
        ("device/code", {}),
        ("device/token", {"device_code": "d"}),
        ("oidc-client/a%2Fb/verify", {"id_token": "t"}),
        ("logout", {"refresh_token": "r"}),
    ]
    assert all(request.at_root for request in told)
    assert "d" not in repr(code).replace("DeviceCode", "").replace("user_code", "")


def test_a_pasted_token_is_cleaned() -> None:
    assert sign_in.clean_token("Bearer abc\n def ") == "abcdef"
    with pytest.raises(Unreadable):
        sign_in.clean_token("  ")


def test_the_forms_of_a_token_endpoint() -> None:
    assert login().code("/x?state=state&code=c") == "c"
    assert login().exchange("c") == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "http://127.0.0.1:1/x",
        "client_id": "id",
        "code_verifier": "verifier",
    }
    terms = sign_in.Terms(sign_in.Family.OIDC, "id", "https://a.test/token")
    assert sign_in.refresh_form(terms, "r") == {
        "grant_type": "refresh_token",
        "refresh_token": "r",
        "client_id": "id",
    }
    assert sign_in.read_id_token(b'{"id_token": "t"}') == "t"
    assert sign_in.read_grant(b'{"access_token": "t", "expires_in": "1800"}').lives_s == 1800.0


def test_a_device_code_is_read_with_its_limits() -> None:
    body = (
        b'{"device_code": "d", "user_code": "A", "verification_uri": "https://a.test",'
        b' "expires_in": 1e9, "interval": 0.001}'
    )
    code = sign_in.read_device_code(body)
    assert (code.lives_s, code.interval_s, code.complete_uri) == (3600.0, 1.0, "https://a.test")


def test_our_own_errors_are_sentences() -> None:
    for error in (errors.form_expired(403), errors.forbidden_address(), errors.unreadable(200)):
        assert error.message.endswith("safe.")
        assert error.remedy


def test_a_session_without_an_upload_address_gets_the_protocols_own() -> None:
    remote = read_created(b'{"session_id": "ses_1"}', "https://a.test/v1")
    assert remote.upload_target == '"https://a.test/v1/sessions/ses_1/audio"'
    assert remote.expires_at is None


def test_the_other_requests_about_a_session() -> None:
    order = replace(ORDER, transcript_language="hi", patient=Patient(oid="o"))
    body = requests.create(session_of(order), ONPREM).body
    assert body is not None
    assert body["transcript_language"] == "hi"
    assert body["patient_details"] == body["session_details"] == {"oid": "o"}
    ended = requests.end("s", 3).body
    assert ended == {"audio_files_sent": 3, "audio_files_uploaded": 3}
    withdrawn = requests.withdraw("s")
    assert (withdrawn.method, withdrawn.path) == ("PATCH", "sessions/s")
    assert withdrawn.body == {"user_status": "cancelled", "processing_status": "cancelled"}
    assert requests.get("s").query == {}
    lists = [[request.path for request in requests.template_lists(d)] for d in (EKA, SPEC)]
    assert lists == [["templates", "voice/api/v1/template"], ["templates"]]


def test_the_service_of_this_computer_is_found_at_its_new_port() -> None:
    given = "http://127.0.0.1:4001/voice/v1/sessions/ses_1/audio"
    now_at = "http://127.0.0.1:4002/voice/v1"
    assert requests.named_url(given, "ses_1", now_at, EKA) == (
        "http://127.0.0.1:4002/voice/v1/sessions/ses_1/audio"
    )
    other = "http://127.0.0.1:4002/elsewhere/audio"
    assert requests.named_url(other, "ses_1", now_at, EKA) == other
