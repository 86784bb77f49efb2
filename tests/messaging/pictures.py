"""What tests/shots.py shows of replies: `--fill tests.messaging.pictures:fill`."""

from datetime import timedelta

from django.utils import timezone

from tests.campaigns import making
from tests.factories import make_signature, make_template
from tests.messaging.records_world import make_message
from tests.messaging.test_replies import make_reply
from yunxin.accounts.models import Enterprise


def fill() -> None:
    """Replies of all kinds."""
    acme = Enterprise.objects.get(cpcode="ACMEAA")
    template = make_template(acme, make_signature(acme, "云启科技"), name="发货通知")
    campaign = making.make_confirmed(acme, name="双十一会员专享", template=template)
    now = timezone.now()
    for n, text in enumerate(
        ["TD", "收到,谢谢!", "请问什么时候能送到?我明天不在家,麻烦放在门卫处。", "R", "1", "👍"]
    ):
        message = make_message(
            template, text="【云启科技】您的订单 20261125001 已发货,预计明天送达,请留意查收。",
            phone=f"1380000{n:04}", campaign_id=campaign.pk if n % 2 else None,
        )  # fmt: skip
        make_reply(
            acme, text, now - timedelta(hours=n), phone=message.phone, message_id=message.id,
            campaign_id=message.campaign_id, unsubscribed=text in ("TD", "R"),
            access_number="10690088880001",
        )  # fmt: skip
    make_reply(acme, "您好", now - timedelta(days=2), phone="13911112222")
