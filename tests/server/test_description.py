"""The description of the service is true: generated requests never find it wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scribe_desktop.server.api import table
from scribe_desktop.server.openapi import describe
from tests.server.conftest import Local

SCHEMA = schemathesis.openapi.from_dict(describe(table()))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
# Both mounts are the same calls; one of them is enough.
GENERATED = [operation for operation in OPERATIONS if not operation.path.startswith("/v1/")]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 6


def test_every_operation_can_be_read_from_the_description() -> None:
    assert len(OPERATIONS) == sum(len(call.paths) for call in table())


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in GENERATED
        for mode in GenerationMode
        # Without a body or a query there is nothing that could be wrong.
        if mode is GenerationMode.POSITIVE or operation.body or operation.query
    ],
)
def test_generated_requests_are_answered_as_described(
    local: Local, operation: Any, mode: GenerationMode
) -> None:
    known = {
        "session_id": local.create(templates=["soap"]),
        "template_id": "soap",
        "file_name": "audio_0.wav",
    }
    fixed = {name: known[name] for name in known if f"{{{name}}}" in operation.path}
    strategy = operation.as_strategy(generation_mode=mode, path_parameters=fixed or None)

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: Any) -> None:
        response = _sent(local.client.request, case, local.headers)
        case.validate_response(response, checks=CHECKS)

    answered()


def _sent(request: Callable[..., Any], case: Any, headers: dict[str, str]) -> Any:
    sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    if isinstance(sent.get("data"), bytes | str):
        sent["content"] = sent.pop("data")
    if isinstance(sent.get("files"), list):
        # This client renders bytes alone, where the generator counts on another's leniency.
        sent["files"] = [
            (name, (file, value if isinstance(value, bytes) else str(value).encode()))
            for name, (file, value) in sent["files"]
        ]
    sent.pop("cookies", None)
    sent["headers"] = dict(sent["headers"]) | headers
    return request(**sent)
