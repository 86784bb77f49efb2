"""Plain functions that make things for tests, with defaults that are right for most of them.

Acme owns, Globex must see nothing, the operator reviews. All names and numbers are invented.
"""

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from yunxin.accounts.models import Enterprise, User
from yunxin.billing.models import Package
from yunxin.carriers.models import Channel
from yunxin.content.models import Signature, Template
from yunxin.vocabulary import (
    ChannelWish,
    MessageKind,
    ReviewState,
    SignatureKind,
    TemplateKind,
    TrafficClass,
)

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_enterprise(name: str = "", **fields: Any) -> Enterprise:
    """An enterprise without users."""
    number = next(_numbers)
    fields.setdefault("cpcode", f"T{number:05}")
    fields.setdefault("access_number", f"106900{number:05}")
    return Enterprise.objects.create(name=name or f"Enterprise {number}", **fields)


def make_user(
    enterprise: Enterprise | None, username: str = "", *, password: str = PASSWORD, **fields: Any
) -> User:
    """A login of an enterprise (its owner), or an operator when there is none."""
    default = User.Role.OWNER if enterprise else User.Role.OPERATOR
    fields.setdefault("role", default)
    user = User(username=username or f"user{next(_numbers)}", enterprise=enterprise, **fields)
    user.set_password(password)
    user.save()
    return user


def make_signature(
    enterprise: Enterprise,
    name: str = "",
    *,
    state: ReviewState = ReviewState.APPROVED,
    **fields: Any,
) -> Signature:
    """A signature, approved unless said otherwise."""
    fields.setdefault("kind", SignatureKind.COMPANY)
    fields.setdefault("purpose", "for tests")
    if state != ReviewState.PENDING:
        fields.setdefault("reviewed_at", timezone.now())
    return Signature.objects.create(
        enterprise=enterprise, name=name or f"签名{next(_numbers)}", state=state, **fields
    )


def make_template(
    enterprise: Enterprise,
    signature: Signature | None = None,
    *,
    content: str = "您的订单#*#已发货,请留意查收。",
    state: ReviewState = ReviewState.APPROVED,
    **fields: Any,
) -> Template:
    """A template for all carriers, approved unless said otherwise, with a signature of its own."""
    fields.setdefault("name", f"模板{next(_numbers)}")
    fields.setdefault("kind", TemplateKind.INDUSTRY)
    is_marketing = fields["kind"] == TemplateKind.MARKETING
    fields.setdefault("traffic", TrafficClass.MARKETING if is_marketing else TrafficClass.NOTICE)
    fields.setdefault("carriers", ["all"])
    fields.setdefault("variable_names", [f"变量{n + 1}" for n in range(content.count("#*#"))])
    if state != ReviewState.PENDING:
        fields.setdefault("reviewed_at", timezone.now())
    return Template.objects.create(
        enterprise=enterprise,
        signature=signature or make_signature(enterprise),
        content=content,
        state=state,
        **fields,
    )


def make_package(enterprise: Enterprise, total: int = 10_000, **fields: Any) -> Package:
    """A package of text segments that began yesterday and is valid for a year."""
    now = timezone.now()
    fields.setdefault("name", f"Package {next(_numbers)}")
    fields.setdefault("kind", MessageKind.TEXT)
    fields.setdefault("valid_from", now - timedelta(days=1))
    fields.setdefault("valid_to", now + timedelta(days=365))
    return Package.objects.create(enterprise=enterprise, total=total, **fields)


def make_channel(name: str = "", *, port: int = 2775, **fields: Any) -> Channel:
    """A running SMPP account on this machine, for all carriers."""
    fields.setdefault("host", "127.0.0.1")
    fields.setdefault("system_id", "yunxin")
    fields.setdefault("access_number", "1069000")
    fields.setdefault("wish", ChannelWish.RUN)
    return Channel.objects.create(name=name or f"Channel {next(_numbers)}", port=port, **fields)
