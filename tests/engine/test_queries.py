"""Every query of engine and API is understood by the migrated schema: no half drifts apart."""

import re

import psycopg
import pytest

from yunxin.api import queries as of_the_api
from yunxin.engine import store

QUERIES = store.load_queries(store.QUERIES, of_the_api.FOLDER)
_PARAMETER = re.compile(r"%\((\w+)\)s")


def numbered(sql: str) -> str:
    """The query as PostgreSQL knows it: $1, $2 … for the named parameters."""
    names = list(dict.fromkeys(_PARAMETER.findall(sql)))
    return _PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", sql).replace("%%", "%")


@pytest.fixture(scope="module")
def connection(postgres, migrated_template):
    """A connection to a database with the schema, in which nothing is kept."""
    from tests.conftest import url_of

    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE yunxin_queries TEMPLATE "{migrated_template}"')
    try:
        with psycopg.connect(url_of(postgres, "yunxin_queries"), autocommit=True) as connection:
            yield connection
    finally:
        with psycopg.connect(postgres, autocommit=True) as admin:
            admin.execute("DROP DATABASE yunxin_queries WITH (FORCE)")


@pytest.mark.parametrize("name", QUERIES)
def test_the_schema_understands_the_query(connection, name):
    sql = QUERIES[name].sql
    if sql.startswith("COPY"):
        with connection.cursor().copy(sql) as copy:
            copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8) + b"\xff\xff")
        return
    result = connection.pgconn.prepare(name.encode(), numbered(sql).encode())
    assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.error_message.decode()


@pytest.mark.parametrize("name", QUERIES)
def test_a_sentence_says_what_it_does(name):
    assert QUERIES[name].sentence.endswith(".")
    assert QUERIES[name].sentence[0].isupper()


@pytest.mark.parametrize(
    "text",
    [
        "-- name: a\nSELECT 1",
        "-- name: a\n-- Says something.\n",
        "-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;\n",
    ],
)
def test_a_broken_file_is_refused(text):
    with pytest.raises(store.QueriesBroken):
        store.read_queries(text)
