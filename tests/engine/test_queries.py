"""Every query of engine, API and SMPP server fits the migrated schema: no half drifts apart."""

import re

import psycopg
import pytest

from yunxin.api import queries as of_the_api
from yunxin.engine import store
from yunxin.smpp import queries as of_the_smpp_server

QUERIES = store.load_queries(store.QUERIES, of_the_api.FOLDER, of_the_smpp_server.FOLDER)
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


@pytest.mark.parametrize("name", ["pushed_receipts", "pushed_replies"])
def test_what_a_push_says_is_looked_up_row_by_row(connection, name):
    """Even planned while the tables are empty, and then kept: see docs/hot-queries.md."""
    sql = QUERIES[name].sql
    names = list(dict.fromkeys(_PARAMETER.findall(sql)))
    asked = ", ".join("now() - interval '1 hour'" if n == "since" else "NULL" for n in names)
    with connection.transaction(force_rollback=True):
        for setting, value in store.SESSION_SETTINGS.items():
            connection.execute(f"SET LOCAL {setting} = '{value}'".encode())
        connection.execute(f"PREPARE told AS {numbered(sql)}".encode())
        rows = connection.execute(f"EXPLAIN EXECUTE told ({asked})".encode()).fetchall()
        connection.execute(b"DEALLOCATE told")
    plan = "\n".join(line for (line,) in rows)
    assert "Index Cond: ((enterprise_id = x.enterprise_id) AND (id = x.id))" in plan, plan
    assert re.search(r"Index Cond: .*\bid = e\.object_id\)", plan), plan
