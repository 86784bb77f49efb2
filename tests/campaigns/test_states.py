"""What people see of a campaign: one rule in Python, the same rule in SQL."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.campaigns.making import make_progress
from yunxin.campaigns import states
from yunxin.campaigns.lifecycle import of_enterprise, progress_of
from yunxin.campaigns.models import Campaign, CampaignProgress
from yunxin.campaigns.states import Action, Reason, Shown, State, shown
from yunxin.vocabulary import (
    AudienceKind,
    AudienceState,
    CampaignFailure,
    CampaignHold,
    CampaignState,
    CampaignWish,
)
from yunxin.web.models import StoredFile

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def progress(state=CampaignState.FEEDING, hold=CampaignHold.NONE, failure=CampaignFailure.NONE):
    return CampaignProgress(state=state, hold=hold, failure=failure)


def campaign(wish=CampaignWish.RUN, **fields) -> Campaign:
    return Campaign(wish=wish, **fields)


@pytest.mark.parametrize(
    ("row", "engine", "expected"),
    [
        (campaign(CampaignWish.DRAFT), None, Shown(State.DRAFT)),
        (
            campaign(CampaignWish.DRAFT, confirmed_at=NOW),
            None,
            Shown(State.DRAFT, Reason.REOPENED),
        ),
        (
            campaign(CampaignWish.DRAFT, audience=AudienceKind.FILE, file_id=1),
            None,
            Shown(State.PREPARING),
        ),
        (
            campaign(CampaignWish.DRAFT, audience_state=AudienceState.FAILED),
            None,
            Shown(State.DRAFT, Reason.AUDIENCE_FAILED),
        ),
        (campaign(), None, Shown(State.WAITING, Reason.STARTING)),
        (
            campaign(scheduled_at=NOW + timedelta(minutes=1)),
            None,
            Shown(State.WAITING, Reason.SCHEDULED),
        ),
        (campaign(CampaignWish.PAUSE), None, Shown(State.PAUSED, Reason.BY_PEOPLE)),
        (
            campaign(CampaignWish.PAUSE),
            progress(hold=CampaignHold.NO_BALANCE),
            Shown(State.PAUSED, Reason.BY_PEOPLE, started=True),
        ),
        (
            campaign(),
            progress(hold=CampaignHold.NO_BALANCE),
            Shown(State.PAUSED, Reason.NO_BALANCE, started=True),
        ),
        (
            campaign(),
            progress(hold=CampaignHold.QUIET_HOURS),
            Shown(State.PAUSED, Reason.QUIET_HOURS, started=True),
        ),
        (campaign(), progress(), Shown(State.RUNNING, started=True)),
        (
            campaign(),
            progress(CampaignState.FED),
            Shown(State.RUNNING, Reason.RECEIPTS, started=True),
        ),
        (campaign(), progress(CampaignState.FINISHED), Shown(State.SUCCEEDED, started=True)),
        (
            campaign(CampaignWish.PAUSE),
            progress(CampaignState.FINISHED),
            Shown(State.SUCCEEDED, started=True),
        ),
        (
            campaign(),
            progress(CampaignState.FAILED, failure=CampaignFailure.TEMPLATE),
            Shown(State.FAILED, Reason.TEMPLATE, started=True),
        ),
        (
            campaign(CampaignWish.TERMINATE),
            progress(),
            Shown(State.TERMINATED, Reason.STOPPING, started=True),
        ),
        (
            campaign(CampaignWish.TERMINATE),
            progress(CampaignState.TERMINATED),
            Shown(State.TERMINATED, started=True),
        ),
    ],
)
def test_one_word_is_made_of_wish_and_progress(row, engine, expected):
    assert shown(row, engine, NOW) == expected


@pytest.mark.parametrize(
    ("seen", "actions"),
    [
        (Shown(State.WAITING), {Action.PAUSE, Action.EDIT, Action.DELETE, Action.COPY}),
        (
            Shown(State.PAUSED, Reason.BY_PEOPLE),
            {Action.RESUME, Action.EDIT, Action.DELETE, Action.COPY},
        ),
        (
            Shown(State.PAUSED, Reason.BY_PEOPLE, started=True),
            {Action.RESUME, Action.TERMINATE, Action.COPY},
        ),
        (
            Shown(State.PAUSED, Reason.NO_BALANCE, started=True),
            {Action.PAUSE, Action.TERMINATE, Action.COPY},
        ),
        (Shown(State.RUNNING, started=True), {Action.PAUSE, Action.TERMINATE, Action.COPY}),
        (Shown(State.SUCCEEDED, started=True), {Action.COPY}),
        (Shown(State.TERMINATED, Reason.STOPPING, started=True), {Action.COPY}),
    ],
)
def test_what_may_be_done_in_each_state(seen, actions):
    assert seen.actions == actions


def test_nothing_that_began_is_ever_edited_or_deleted():
    for state, reason in itertools.product(State, Reason):
        assert not Shown(state, reason, started=True).actions & {Action.EDIT, Action.DELETE}


def test_the_database_sorts_campaigns_as_python_does(acme):
    file = StoredFile.objects.create(enterprise_id=acme.pk, name="a.txt", complete=True)
    template = factories.make_template(acme)
    wishes = [CampaignWish.RUN, CampaignWish.PAUSE, CampaignWish.TERMINATE]
    engine = [None, *itertools.product(CampaignState, CampaignHold)]
    for wish, row in itertools.product(wishes, engine):
        made = Campaign.objects.create(enterprise=acme, template=template, wish=wish)
        if row:
            make_progress(made, state=row[0], hold=row[1])
    for kind, state, kept in itertools.product(AudienceKind, AudienceState, (None, file)):
        Campaign.objects.create(
            enterprise=acme, template=template, audience=kind, audience_state=state, file=kept
        )
    rows = of_enterprise(acme)
    for state in State:
        by_python = {row.pk for row in rows if shown(row, progress_of(row), NOW).state == state}
        by_sql = {row.pk for row in rows.filter(states.rows_in(state))}
        assert by_sql == by_python, state
        assert by_sql, f"nothing was made that is {state}"
