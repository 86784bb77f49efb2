"""The endpoints of v1 as tables, read from the interface's own OpenAPI description."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from yunxin.dialects import openapi, v1
from yunxin.interfaces.document_fields import OPERATIONS, sentence

Schema = dict[str, Any]


@dataclass(frozen=True)
class FieldRow:
    """A field, with its place: `recipients[].phone`."""

    path: str
    kind: str
    required: bool
    sentence: Promise | str


@dataclass(frozen=True)
class Endpoint:
    """One thing that can be asked for."""

    name: str
    method: str
    path: str
    sentence: Promise | str
    scope: str
    parameters: list[FieldRow] = field(default_factory=list)
    body: list[FieldRow] = field(default_factory=list)
    answer: list[FieldRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    may_wait: bool = False  # 202, and Location says where to ask again


def endpoints() -> list[Endpoint]:
    """All of them, in the order of `v1.ROUTES`."""
    described = openapi.build("", "")
    schemas = described["components"]["schemas"]
    return [
        _endpoint(route, described["paths"][route.path][route.method.lower()], schemas)
        for route in v1.ROUTES
    ]


def problem_fields() -> list[FieldRow]:
    """The members of a problem."""
    schemas = openapi.build("", "")["components"]["schemas"]
    return list(_rows({"$ref": f"#/{v1.ProblemTold.__name__}"}, schemas))


def _endpoint(route: v1.Route, operation: Schema, schemas: Schema) -> Endpoint:
    body = operation.get("requestBody", {}).get("content", {}).get(openapi.JSON, {})
    done = min(status for status in operation["responses"] if status < "202")
    answer = operation["responses"][done]["content"][openapi.JSON]["schema"]
    problems = [code for codes in v1.statuses(route).values() for code in codes]
    return Endpoint(
        route.name,
        route.method,
        route.path,
        OPERATIONS.get(route.name, route.sentence),
        str(route.scope or ""),
        [_parameter(told) for told in operation["parameters"]],
        list(_rows(body.get("schema", {}), schemas)),
        list(_rows(answer, schemas)),
        [code for code in problems if code not in v1.EVERYWHERE],
        "202" in operation["responses"],
    )


def _parameter(told: Schema) -> FieldRow:
    return FieldRow(
        told["name"], _kind(told["schema"], {}), told["required"], sentence("query", told["name"])
    )


def _rows(schema: Schema, schemas: Schema, before: str = "") -> Iterator[FieldRow]:
    """The fields of a schema and of what is in them, from the top down."""
    name = schema.get("$ref", "").rpartition("/")[2]
    struct = schemas.get(name, {})
    for field_name, told in struct.get("properties", {}).items():
        told = _without_null(told)
        path = before + field_name
        yield FieldRow(
            path,
            _kind(told, schemas),
            field_name in struct.get("required", ()),
            sentence(name, field_name),
        )
        if told.get("type") == "array":
            yield from _rows(told["items"], schemas, f"{path}[].")
        else:
            yield from _rows(told, schemas, f"{path}.")


def _without_null(schema: Schema) -> Schema:
    choices = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return choices[0] if choices else schema


def _kind(schema: Schema, schemas: Schema) -> str:
    """A type in a few signs, with the bounds that a program must keep."""
    schema = _without_null(schema)
    if "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
    if "enum" in schema:
        return " | ".join(schema["enum"])
    kind = str(schema.get("type", "object"))
    if kind == "array":
        each = _kind(schema["items"], schemas)
        kind = f"({each})[]" if " " in each else f"{each}[]"
    low = schema.get("minItems", schema.get("minimum", schema.get("minLength")))
    high = schema.get("maxItems", schema.get("maximum", schema.get("maxLength")))
    if high is None:
        return kind
    return f"{kind} {low}–{high}" if low is not None else f"{kind} ≤{high}"
