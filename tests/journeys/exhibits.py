"""What the pages with an object in their address show: things of the demo, and a few that it lacks.

Written in this process through the rooms' own functions, on the database of the platform that the
browser looks at.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tests.campaigns.making import make_file
from tests.journeys.addresses import Address
from yunxin.accounts.models import User
from yunxin.campaigns import lifecycle
from yunxin.campaigns.lifecycle import Content
from yunxin.campaigns.models import Campaign
from yunxin.carriers.models import BlockedNumber, Channel, ForbiddenWord, NumberPrefix
from yunxin.content.models import LibraryTemplate, RejectReason, Signature, Template
from yunxin.messaging.models import Message
from yunxin.settings import database_settings
from yunxin.vocabulary import CampaignWish, ReviewState

OWNER, SENDER, VIEWER, OPERATOR = "yunqi", "yunqi-sender", "yunqi-viewer", "operator"
NEWCOMER = "newcomer"  # who has never signed in, with the demo's password
Exhibits = dict[tuple[str, str], Any]


@contextmanager
def database_of(url: str, blocker: Any) -> Iterator[None]:
    """Django in this process works on another database while the block runs."""
    with blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        connection.close()
        for name, value in database_settings(url).items():
            patch.setitem(connection.settings_dict, name, value)
        yield
        connection.close()


def prepare() -> Exhibits:
    """Add what the demo lacks; for each parameter of an address the object that it shows.

    The key is the room, or where the room's parameter means several things, the address's name.
    """
    owner, sender, operator = (User.objects.get(username=n) for n in (OWNER, SENDER, OPERATOR))
    enterprise = owner.enterprise
    assert enterprise is not None
    _add_newcomer(owner)
    signatures = Signature.objects.filter(enterprise=enterprise)
    approved = Template.objects.filter(enterprise=enterprise, state=ReviewState.APPROVED)
    tasks = Campaign.objects.filter(enterprise=enterprise).order_by("pk")
    waiting = tasks.get(progress__isnull=True, wish=CampaignWish.RUN)
    finished = tasks.exclude(progress=None).last()
    draft = _add_draft(owner, approved.filter(name="年度续费提醒").get())
    message = Message.objects.filter(enterprise_id=enterprise.pk).order_by("-id").first()
    assert finished and message
    blocked = BlockedNumber.objects.create(phone="13800020199", note="机主投诉", by=operator)
    BlockedNumber.objects.create(
        phone="13800020198", enterprise_id=enterprise.pk, reason="unsubscribed"
    )
    return {
        ("accounts", "pk"): sender.pk,
        **{
            (f"accounts:console_{name}", "pk"): enterprise.pk
            for name in ("enterprise", "edit_enterprise", "suspend_enterprise", "new_user",
                         "resume_enterprise")
        },
        ("billing", "package_id"): enterprise.packages.latest("pk").pk,
        ("campaigns", "pk"): draft.pk,
        **{
            (f"campaigns:{name}", "pk"): waiting.pk
            for name in ("change", "terminate", "delete", "pause", "resume")
        },
        **{(f"campaigns:{name}", "pk"): finished.pk for name in ("campaign", "outcomes", "copy")},
        ("campaigns:sample", "pk"): approved[0].pk,
        ("carriers", "channel_id"): Channel.objects.get().pk,
        ("carriers", "prefix"): NumberPrefix.objects.all()[0].pk,
        ("carriers", "entry_id"): blocked.pk,
        ("carriers", "word_id"): ForbiddenWord.objects.all()[0].pk,
        ("content", "signature_id"): signatures.filter(state=ReviewState.APPROVED)[0].pk,
        ("content:signature_again", "signature_id"): signatures.get(
            state=ReviewState.REJECTED
        ).pk,
        ("content:console_signature", "signature_id"): signatures.get(
            state=ReviewState.PENDING
        ).pk,
        ("content", "template_id"): approved[1].pk,
        ("content:console_template", "template_id"): Template.objects.get(
            enterprise=enterprise, state=ReviewState.PENDING
        ).pk,
        ("content", "row_id"): LibraryTemplate.objects.filter(active=True)[0].pk,
        ("content", "reason_id"): RejectReason.objects.all()[0].pk,
        ("messaging", "message_id"): message.id,
        ("messaging", "enterprise_id"): enterprise.pk,
        ("web", "file_id"): make_file(enterprise, "一行", "证明.txt").pk,
    }  # fmt: skip


def _add_newcomer(owner: User) -> None:
    User.objects.create(
        username=NEWCOMER, enterprise=owner.enterprise, role=User.Role.VIEWER,
        password=owner.password, must_change_password=True,
    )  # fmt: skip


def _add_draft(owner: User, template: Template) -> Campaign:
    """A task with typed numbers, some of which are refused."""
    assert owner.enterprise is not None
    content = Content(name="十二月续费提醒", template=template)
    draft = lifecycle.create_draft(enterprise=owner.enterprise, content=content, by=owner)
    return lifecycle.give_numbers(
        enterprise=owner.enterprise,
        campaign_id=draft.pk,
        typed="13800020101 13800020102 13800020101 12345 13800020199",
        params=("明澜信息科技", "12月31日", "陈思远"),
    )


def path_of(address: Address, exhibits: Exhibits) -> str:
    """The address with what it shows.

    Raises:
        KeyError: nobody has said what the parameter shows; say it in `prepare`.
    """
    values = {}
    for name in address.parameters:
        own, rooms = (address.name, name), (address.room, name)
        values[name] = exhibits[own] if own in exhibits else exhibits[rooms]
    return address.path(**values)
