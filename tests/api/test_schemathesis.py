"""What the description of v1 promises holds for requests that a generator makes of it.

Good ones and bad ones, to the running program: no server error, no undocumented answer.
"""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.serving import jobs, serve
from tests.api.world import Side
from tests.engine.world import phone
from yunxin.dialects import openapi, v1

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15  # of each operation in each mode
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_description_holds(config, world, acme: Side, globex: Side):
    acme.limit(requests_per_s=100_000, recipients_per_s=1_000_000)
    for n in range(3):
        world.do(
            "INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source,"
            " signature_id, template_id, package_id, text, segments) SELECT %s,"
            " (extract(epoch FROM now() - timestamptz '2024-01-01 00:00Z') * 1000)::bigint << 22"
            " | %s, %s, 'mobile', 'text', 'notice', 'api', 1, 1, 1, '您好', 1",
            acme.id, n, phone(n),
        )  # fmt: skip
    world.finish("delivered")
    world.do("SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source))"
             " FROM message")  # fmt: skip
    with jobs(config), serve(config) as (url, _):
        schema = schemathesis.openapi.from_dict(openapi.build(url, "1"))
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) == len(v1.ROUTES)
        for operation in operations:
            takes_something = operation.body or operation.query or operation.path_parameters
            modes = [GenerationMode.POSITIVE] + [GenerationMode.NEGATIVE] * bool(takes_something)
            for mode in modes:
                _try(operation, mode, url, {"Authorization": f"Bearer {acme.minted.key}"})


def _try(operation: object, mode: GenerationMode, url: str, headers: dict[str, str]) -> None:
    """Ask so often, and judge each answer."""

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))  # type: ignore[attr-defined]
    def ask(case):
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=30)

    ask()
