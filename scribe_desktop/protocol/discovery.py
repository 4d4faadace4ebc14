"""Reads what a service says about itself: models, languages, templates, limits.

The document is looked for at the configured address and at the host's root,
because servers disagree (PROTOCOL.md §5 no. 1). Nothing in it can move the
dictation to another host: it tells what is offered, not where to send it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scribe_desktop.domain.offer import Health, ModelOffer, Offer, TemplateOffer
from scribe_desktop.protocol import origins
from scribe_desktop.protocol.dialects import DIALECTS, EKA, ONPREM, SPEC
from scribe_desktop.protocol.reading import (
    Unreadable,
    mapping,
    number,
    objects,
    read_object,
    text,
    texts,
)

WELL_KNOWN = ".well-known/medscribealliance"
PROTOCOL = "medscribealliance"

DEFAULT_CACHE_S = 3600.0
LONGEST_CACHE_S = 86_400.0

AUTO_LANGUAGE = "auto_detect"


@dataclass(frozen=True, slots=True)
class Oidc:
    """Where a service lets people sign in by their browser."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovered:
    """The document, read: the offer and what the client needs besides."""

    offer: Offer
    templates_url: str = ""
    webhooks_url: str = ""
    sign_in_methods: tuple[str, ...] = ()
    oidc: Oidc | None = None


def addresses(base_url: str) -> tuple[str, ...]:
    """Where to look for the document, best first."""
    here = origins.join(base_url, WELL_KNOWN)
    top = origins.join(origins.root(base_url), WELL_KNOWN)
    return (here,) if here == top else (here, top)


def read_discovery(body: bytes, service: str, base_url: str) -> Discovered:
    """Read the document; raises Unreadable if it is not one.

    Only `protocol` is insisted on: a service that forgot a list still works.
    """
    document = read_object(body)
    if text(document.get("protocol")).lower() != PROTOCOL:
        raise Unreadable("not a discovery document")
    endpoints = mapping(document.get("endpoints"))
    capabilities = mapping(document.get("capabilities"))
    languages = mapping(document.get("languages"))
    authentication = mapping(document.get("authentication"))
    dialect = _dialect(document, base_url)
    models = tuple(_models(document))
    longest = number(capabilities.get("max_chunk_duration_seconds"))
    offer = Offer(
        service=service,
        health=Health.READY,
        dialect=dialect,
        models=models,
        languages=_languages(languages, models),
        auto_language=languages.get("auto_detection") is True and DIALECTS[dialect].auto_language,
        upload_types=texts(capabilities.get("upload_methods")) or ("chunked",),
        audio_formats=texts(capabilities.get("audio_formats")),
        max_chunk_s=longest if longest is not None and longest >= 1 else 20.0,
    )
    return Discovered(
        offer,
        templates_url=text(endpoints.get("templates_url")),
        webhooks_url=text(endpoints.get("webhooks_url")),
        sign_in_methods=texts(authentication.get("supported_methods")),
        oidc=_oidc(mapping(authentication.get("oidc"))),
    )


def _models(document: Mapping[str, Any]) -> list[ModelOffer]:
    return [
        ModelOffer(
            model_id=text(model.get("id")),
            name=text(model.get("display_name")) or text(model.get("id")),
            languages=_explicit(texts(model.get("languages"))),
            max_session_s=number(model.get("max_session_duration_seconds")) or None,
            live_text=mapping(model.get("features")).get("realtime_transcription") is True,
        )
        for model in objects(document.get("models"))
        if text(model.get("id"))
    ]


def _languages(languages: Mapping[str, Any], models: tuple[ModelOffer, ...]) -> tuple[str, ...]:
    listed = _explicit(texts(languages.get("supported")))
    return listed or tuple(dict.fromkeys(code for model in models for code in model.languages))


def _explicit(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in codes if code != AUTO_LANGUAGE)


def _dialect(document: Mapping[str, Any], base_url: str) -> str:
    """Tell the families apart by what only one of them writes."""
    if "storage_providers" in mapping(document.get("capabilities")):
        return ONPREM.name
    _, host, _ = origins.origin(base_url)
    if host == "eka.care" or host.endswith(".eka.care"):
        return EKA.name
    named = text(mapping(document.get("service")).get("name")).lower()
    if "eka" in named.replace("-", " ").split() or "ekascribe" in named:
        return EKA.name
    # What follows /voice/v1 is EkaScribe's family, on whatever host.
    return EKA.name if origins.path(base_url).endswith("/voice/v1") else SPEC.name


def _oidc(record: Mapping[str, Any]) -> Oidc | None:
    oidc = Oidc(
        issuer=text(record.get("issuer")),
        authorization_endpoint=text(record.get("authorization_endpoint")),
        token_endpoint=text(record.get("token_endpoint")),
        scopes=texts(record.get("scopes_supported")),
    )
    try:
        # A browser opens the one, secrets go to the other.
        origins.check(oidc.authorization_endpoint)
        origins.check(oidc.token_endpoint)
    except origins.ForbiddenAddress:
        return None
    return oidc


def cache_s(headers: Mapping[str, str]) -> float:
    """For how long the document may be kept, from `Cache-Control`."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    for part in control.split(","):
        name, _, value = part.strip().partition("=")
        seconds = number(value)
        if name == "max-age" and seconds is not None:
            return min(max(seconds, 0.0), LONGEST_CACHE_S)
    return DEFAULT_CACHE_S


def read_templates(body: bytes) -> tuple[TemplateOffer, ...]:
    """Both lists in circulation: `templates[id,name,description]`, `items[id,title,desc]`."""
    document = read_object(body)
    listed = document.get("templates")
    if not isinstance(listed, list):
        listed = document.get("items")
    if not isinstance(listed, list):
        raise Unreadable("no list of templates")
    offers = (
        TemplateOffer(
            template_id=text(item.get("id")) or text(item.get("template_id")),
            name=text(item.get("name")) or text(item.get("title")) or text(item.get("id")),
            description=text(item.get("description")) or text(item.get("desc")),
        )
        for item in objects(listed)
    )
    return tuple(offer for offer in offers if offer.template_id)


def offer_record(offer: Offer) -> dict[str, Any]:
    """The offer as JSON-ready values, to be remembered for when the network is away."""
    return asdict(offer)


def read_offer(record: Mapping[str, Any]) -> Offer:
    """Rebuild a remembered offer; raises KeyError, TypeError or ValueError on a damaged one."""
    lists = ("languages", "upload_types", "audio_formats")
    return Offer(
        **{
            **record,
            **{name: tuple(record[name]) for name in lists},
            "health": Health(record["health"]),
            "models": tuple(
                ModelOffer(**{**model, "languages": tuple(model["languages"])})
                for model in record["models"]
            ),
            "templates": tuple(TemplateOffer(**template) for template in record["templates"]),
        }
    )
