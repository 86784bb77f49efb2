"""What the API remembers of requests is dropped when nobody can ask for it any more."""

from datetime import timedelta

from yunxin.api.queries import FOLDER
from yunxin.api.usage import Usage
from yunxin.engine.store import Store


async def test_answers_are_kept_as_long_as_they_are_promised(config, world):
    ages = {"v1": (20, 1439, 1441), "ronghe": (14, 16), "nonce": (14, 16), "contacts": (16, 1439)}
    for scope, minutes in ages.items():
        for age in minutes:
            world.do(
                "INSERT INTO api_answer (enterprise_id, scope, key, digest, answer, created_at)"
                " VALUES (1, %s, %s, '', '', now() - %s)",
                *(scope, str(age), timedelta(minutes=age)),
            )
    async with Store(config, more_queries=(FOLDER,)) as store:
        await Usage(store, config)._forget_answers()
    kept: dict[str, set[int]] = {}
    for scope, age in world.rows("SELECT scope, key::integer FROM api_answer"):
        kept.setdefault(scope, set()).add(age)
    assert kept == {"v1": {20, 1439}, "ronghe": {14}, "nonce": {14}, "contacts": {16, 1439}}
