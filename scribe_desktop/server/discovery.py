"""Tells a client what this service can do, so that it offers the clinician nothing else."""

from typing import Any

from scribe_desktop.server.calls import MOUNTS, Call, Incoming, Reply
from scribe_desktop.server.fields import Schema
from scribe_desktop.server.limits import MAX_CHUNK_S
from scribe_desktop.server.service import Model, Service
from scribe_desktop.server.shapes import FLAG, TEXT, WHOLE, many, one_of, record
from scribe_desktop.server.uploads import FORMATS

AUTO_LANGUAGE = "auto_detect"
PATH = "/.well-known/medscribealliance"

_MODEL = record(
    {
        "id": TEXT,
        "display_name": TEXT,
        "languages": many(TEXT),
        "max_session_duration_seconds": WHOLE,
        "response_speed": one_of("fast", "standard", "thorough"),
        "features": record(
            {"realtime_transcription": FLAG, "speaker_diarization": FLAG, "custom_templates": FLAG}
        ),
    }
)

SHAPE: Schema = record(
    {
        "protocol": {"const": "medscribealliance"},
        "protocol_version": {"const": "0.1"},
        "supported_versions": many(TEXT),
        "service": record({"name": TEXT, "documentation_url": TEXT, "support_email": TEXT}),
        "endpoints": record({"base_url": TEXT, "webhooks_url": TEXT, "templates_url": TEXT}),
        "authentication": record({"supported_methods": many(one_of("api_key"))}),
        "capabilities": record(
            {
                "audio_formats": many(TEXT),
                "max_chunk_duration_seconds": WHOLE,
                "upload_methods": many(one_of("chunked", "single", "stream")),
                "webhook_delivery": FLAG,
                "client_sdk_delivery": FLAG,
            }
        ),
        "models": many(_MODEL),
        "languages": record({"supported": many(TEXT), "auto_detection": FLAG}),
    }
)


def describe(service: Service, asked: Incoming) -> Reply:
    """The discovery document; its addresses are those by which the client reached us."""
    body: dict[str, Any] = {
        "protocol": "medscribealliance",
        "protocol_version": "0.1",
        "supported_versions": ["0.1"],
        "service": {
            "name": "Scribe Desktop local service",
            "documentation_url": f"{asked.origin}/openapi.json",
            "support_email": "",
        },
        "endpoints": {
            "base_url": asked.base_url,
            "webhooks_url": f"{asked.base_url}/webhooks",
            "templates_url": f"{asked.base_url}/templates",
        },
        "authentication": {"supported_methods": ["api_key"]},
        "capabilities": {
            "audio_formats": list(FORMATS),
            "max_chunk_duration_seconds": MAX_CHUNK_S,
            "upload_methods": ["chunked", "single", "stream"],
            "webhook_delivery": True,
            "client_sdk_delivery": True,
        },
        "models": [_model(model) for model in service.models],
        "languages": {
            "supported": supported_languages(service),
            "auto_detection": _finds_out(service),
        },
    }
    return Reply(body=body, headers={"Cache-Control": "max-age=3600"})


def supported_languages(service: Service) -> list[str]:
    """Every language that at least one model hears."""
    return list(dict.fromkeys(code for model in service.models for code in model.languages))


def _finds_out(service: Service) -> bool:
    """Whether a model can tell by itself which of its languages it hears."""
    return any(len(model.languages) > 1 for model in service.models)


def _model(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "display_name": model.display_name,
        "languages": list(model.languages),
        "max_session_duration_seconds": model.max_session_duration_s,
        "response_speed": model.response_speed,
        "features": {
            "realtime_transcription": True,
            "speaker_diarization": False,
            "custom_templates": True,
        },
    }


def calls() -> list[Call[Service]]:
    """The document is served at all three places where clients look for it."""
    return [
        Call(
            method="GET",
            path=mount + PATH,
            summary="What this service can do",
            answer=describe,
            replies={200: SHAPE},
            secured=False,
        )
        for mount in ("", *MOUNTS)
    ]
