"""An application that cannot be carried out is answered too."""

from typing import Any

import pytest
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from tests.errands.test_work import leave, signature
from yunxin.errands import tasks, work
from yunxin.interfaces.models import Credential
from yunxin.vocabulary import ErrandKind


def context(attempts: int) -> JobContext:
    job = Job(
        id=1, queue="errands", lock=None, queueing_lock=None, task_name="errands.carry_out",
        attempts=attempts,
    )  # fmt: skip
    return JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None)


def test_after_the_last_try_the_system_hears_that_it_is_our_fault(
    acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError

    credential = Credential.objects.create(
        enterprise=acme, kind="ronghe", name="k", sealed="", hint="k"
    )
    errand = leave(credential, ErrandKind.SIGNATURE, signature())
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    monkeypatch.setitem(work._WORK, ErrandKind.SIGNATURE, fail)
    for attempts in range(tasks.RETRIES + 1):
        errand.refresh_from_db()
        assert errand.done_at is None
        with pytest.raises(RuntimeError):
            tasks.carry_out.func(context(attempts), errand.pk)
    errand.refresh_from_db()
    assert errand.done_at and errand.object_id is None
    assert errand.problems[0][1].startswith("Something went wrong on our side.")
