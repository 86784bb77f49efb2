"""OpenAPI 3.1 of v1, made from its structs and its table of addresses."""

from typing import Any

import msgspec

from yunxin.dialects import signing, v1
from yunxin.dialects.problems import CONTENT_TYPE, PROBLEMS

_REFERENCE = "#/components/schemas/{name}"
JSON = "application/json"


def build(base_url: str, version: str) -> dict[str, Any]:
    """The whole document.

    Args: base_url: under which the API is reached.
    """
    structs = [r.body for r in v1.ROUTES if r.body] + [
        r.answer for r in v1.ROUTES if isinstance(r.answer, type)
    ]
    kinds = list(dict.fromkeys([*structs, v1.ProblemTold]))
    _, schemas = msgspec.json.schema_components(
        [kind for kind in kinds if issubclass(kind, msgspec.Struct)], ref_template=_REFERENCE
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in v1.ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yunxin HTTP API", "version": version},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "yx_live_…"},
                "signature": {
                    "type": "apiKey", "in": "header", "name": signing.SIGNATURE_HEADER,
                    "description": f"With {signing.KEY_HEADER}, {signing.TIMESTAMP_HEADER} and "
                    f"{signing.NONCE_HEADER}.",
                },
            },
        },
    }  # fmt: skip


def _operation(route: v1.Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.sentence,
        "parameters": _parameters(route),
        "responses": _answers(route) | _waiting(route) | _problems(route),
    }
    if route.body is not None:
        schema = {"$ref": _REFERENCE.format(name=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if route.scope is None:
        operation["security"] = []
    else:
        operation["security"] = [{"key": []}, {"signature": []}]
        operation["x-scope"] = str(route.scope)
    return operation


def _parameters(route: v1.Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    for name, pattern in v1.IN_PATHS.items():
        if f"{{{name}}}" in route.path:
            schema = {"type": "string", "pattern": f"^{pattern}$"}
            parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.query is not None:
        _, components = msgspec.json.schema_components([route.query], ref_template=_REFERENCE)
        for name, schema in components[route.query.__name__]["properties"].items():
            parameters.append(_query_parameter(name, schema, components))
    if "idempotency_key_invalid" in route.problems:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The request has its effect once; repeated, it gets the first "
                "answer again for 24 hours.",
                "schema": {
                    "type": "string",
                    "pattern": f"^[!-~]{{1,{v1.IDEMPOTENCY_KEY_MAX}}}$",
                },
            }
        )
    return parameters


def _query_parameter(
    name: str, schema: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    """A parameter of an address: left out where there is none, so never null."""
    schema = {k: v for k, v in schema.items() if k != "default"}
    choices = [c for c in schema.pop("anyOf", []) if c.get("type") != "null"]
    schema |= choices[0] if choices else {}
    if "$ref" in schema:
        schema |= components[schema.pop("$ref").rpartition("/")[2]]
    description = schema.pop("description", "")
    told = {"name": name, "in": "query", "required": False, "schema": schema}
    return told | ({"description": description} if description else {})


def _answers(route: v1.Route) -> dict[str, Any]:
    statuses = [route.status, *([201] if route.may_create else [])]
    return {str(status): _answer(route) for status in statuses}


def _answer(route: v1.Route) -> dict[str, Any]:
    named = isinstance(route.answer, type) and issubclass(route.answer, msgspec.Struct)
    schema = (
        {"$ref": _REFERENCE.format(name=route.answer.__name__)} if named else {"type": "object"}
    )
    return {"description": route.sentence, "content": {JSON: {"schema": schema}}}


def _waiting(route: v1.Route) -> dict[str, Any]:
    if not route.may_wait:
        return {}
    schema = {"$ref": _REFERENCE.format(name=v1.Application.__name__)}
    where = {"description": "Where to ask again.", "schema": {"type": "string"}}
    return {
        "202": {
            "description": "Taken; ask again at Location.",
            "headers": {"Location": where},
            "content": {JSON: {"schema": schema}},
        }
    }


def _problems(route: v1.Route) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name=v1.ProblemTold.__name__)}
    return {
        str(status): {
            "description": "\n".join(f"`{code}`: {PROBLEMS[code].title_en}" for code in codes),
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status, codes in sorted(v1.statuses(route).items())
    }
