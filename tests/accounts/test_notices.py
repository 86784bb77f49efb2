"""The bell: who hears what, and that every kind and action has its words."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from yunxin.accounts import audit, notices
from yunxin.accounts.models import User
from yunxin.vocabulary import CampaignHold, CampaignState
from yunxin.web.translations import PACKAGE

pytestmark = pytest.mark.django_db


def test_an_enterprise_hears_its_own_and_operators_theirs(
    acme: Any, globex: Any, operator: Any
) -> None:
    notices.tell(acme, "signature.approved", "【Acme】")
    notices.tell(None, "signature.applied", "【Acme】")
    heard = {
        name: [notice.kind for notice in notices.notices_of(User.objects.get(username=name))]
        for name in ("acme", "globex", "operator")
    }
    assert heard == {
        "acme": ["signature.approved"], "globex": [], "operator": ["signature.applied"],
    }  # fmt: skip


def test_the_sentence_is_made_in_the_readers_language(acme: Any) -> None:
    notice = notices.tell(acme, "signature.approved", "【Acme】")
    with translation.override("en"):
        assert notices.sentence(notice) == "Signature 【Acme】 was approved."
    with translation.override("zh-hans"):
        assert notices.sentence(notice) == "签名 【Acme】 已审核通过。"


def test_the_bell_counts_and_is_emptied(client: Client, acme: Any, globex: Any) -> None:
    for _ in range(3):
        notices.tell(acme, "campaign.finished", "Task")
    notices.tell(globex, "campaign.finished", "Task")
    client.force_login(User.objects.get(username="acme"))
    assert "3 条未读通知" in client.get("/account/notices/").content.decode()
    client.post("/account/notices/read/")
    assert "条未读通知" not in client.get("/account/notices/").content.decode()
    assert notices.unread_of(User.objects.get(username="globex")).count() == 1


def _words_given_to(function: str, place: int) -> Iterator[str]:
    """What rooms pass to notices.tell or audit.record where a constant stands."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == function:
                argument = node.args[place] if place < len(node.args) else None
                if isinstance(argument, ast.Constant) and "." in str(argument.value):
                    yield str(argument.value)


def test_every_notice_has_a_sentence() -> None:
    assert set(_words_given_to("tell", 1)) <= set(notices.SENTENCES)


def test_every_sentence_is_told_by_somebody() -> None:
    source = "".join(
        path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.stem != "audit"
    )
    in_campaigns = {*CampaignHold, CampaignState.FINISHED, CampaignState.FAILED}
    told = {f"campaign.{word}" for word in in_campaigns if word}
    told |= {kind for kind in notices.SENTENCES if source.count(f'"{kind}"') > 1}
    assert told == set(notices.SENTENCES)


def test_every_action_has_a_label() -> None:
    assert set(_words_given_to("record", 1)) <= set(audit.ACTIONS)
