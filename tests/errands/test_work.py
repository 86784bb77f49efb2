"""Errands are carried out once, and what is refused leaves nothing behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from yunxin.content.models import Signature, Template
from yunxin.errands import work
from yunxin.errands.models import Errand
from yunxin.interfaces.models import Credential
from yunxin.vocabulary import ErrandKind


@pytest.fixture
def credential(acme):
    return Credential.objects.create(enterprise=acme, kind="ronghe", name="k", sealed="", hint="k")


def leave(credential, kind, body, language="en"):
    return Errand.objects.create(
        enterprise=credential.enterprise, credential=credential, kind=kind, body=body,
        language=language, digest=b"",
    )  # fmt: skip


def signature(**changes):
    return {"name": "Acme", "purpose": "notices", "kind": "company"} | changes


def template(**changes):
    body = {
        "name": "n", "content": "您的快递#*#已到。", "kind": "industry", "traffic": "notice",
        "position": "front", "carriers": ["all"], "variables": [],
    }  # fmt: skip
    return body | changes


def test_a_signature_is_applied_for_once(acme, credential):
    errand = leave(credential, ErrandKind.SIGNATURE, signature())
    work.carry_out(errand.pk)
    work.carry_out(errand.pk)
    errand.refresh_from_db()
    assert Signature.objects.get().pk == errand.object_id
    assert errand.done_at and errand.problems is None


def test_a_template_is_applied_for(acme, credential):
    own = factories.make_signature(acme)
    errand = leave(credential, ErrandKind.TEMPLATE, template(signature=str(own.pk)))
    work.carry_out(errand.pk)
    errand.refresh_from_db()
    made = Template.objects.get(pk=errand.object_id)
    assert (made.enterprise, made.signature, made.state) == (acme, own, "pending")


def test_what_breaks_a_rule_is_told_with_its_field(acme, credential):
    errand = leave(credential, ErrandKind.SIGNATURE, signature(name="【A】"), "zh-hans")
    work.carry_out(errand.pk)
    errand.refresh_from_db()
    assert errand.done_at and errand.object_id is None
    assert errand.problems[0][0] == "name" and not errand.problems[0][1].isascii()
    assert not Signature.objects.exists()


def test_a_signature_of_others_does_not_exist(acme, globex, credential):
    theirs = factories.make_signature(globex)
    errand = leave(credential, ErrandKind.TEMPLATE, template(signature=str(theirs.pk)))
    work.carry_out(errand.pk)
    errand.refresh_from_db()
    assert errand.problems == [["signature", "There is no such signature."]]
    assert not Template.objects.exists()


def test_old_errands_are_forgotten(acme, credential):
    old, new = (leave(credential, ErrandKind.SIGNATURE, signature()) for _ in range(2))
    Errand.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert work.forget_old() == 1
    assert Errand.objects.get() == new
