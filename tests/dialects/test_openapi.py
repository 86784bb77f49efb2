"""The description of v1 is made of its structs and holds every address."""

import json

from yunxin.dialects import openapi, v1


def test_it_describes_every_route():
    told = openapi.build("https://example.com", "1")
    assert told["openapi"] == "3.1.0"
    for route in v1.ROUTES:
        operation = told["paths"][route.path][route.method.lower()]
        assert operation["operationId"] == route.name
        assert ("requestBody" in operation) == (route.body is not None)
    assert json.dumps(told)


def test_every_reference_leads_somewhere():
    told = openapi.build("https://example.com", "1")
    text = json.dumps(told)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(told["components"]["schemas"])


def test_an_address_with_a_word_in_it_may_be_of_nothing():
    for route in v1.ROUTES:
        if "{" in route.path:
            assert "not_found" in route.problems, route.name
