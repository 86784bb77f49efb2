"""Signatures and templates in every state: `tests.shots --fill tests.content.scene:fill`."""

from datetime import timedelta

from django.utils import timezone

from tests import factories
from yunxin.accounts.models import Enterprise, User
from yunxin.content import signatures, text_templates
from yunxin.content.models import LibraryTemplate, Signature
from yunxin.content.text_templates import Draft
from yunxin.vocabulary import (
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)
from yunxin.web import uploads

# The smallest picture there is, as a stand-in for a scan.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478"
    "9c6360f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)


def fill() -> None:
    """Put the scene into a database that has the users acme, globex and operator."""
    owner = User.objects.get(username="acme")
    operator = User.objects.get(username="operator")
    Enterprise.objects.filter(pk=owner.enterprise_id).update(name="上海云启科技有限公司")
    owner = User.objects.get(username="acme")
    approved = _signatures(owner, operator)
    _templates(owner, operator, approved)
    globex = User.objects.get(username="globex")
    _apply(globex, "Globex", SignatureKind.COMPANY, "向会员发送订单和物流通知")


def _signatures(owner: User, operator: User) -> Signature:
    approved = _apply(owner, "云启科技", SignatureKind.COMPANY, "向客户发送服务到期和账单提醒")
    signatures.approve_signature(signature=approved, by=operator, seen=approved.submitted_at)
    rejected = _apply(owner, "悦享生活馆", SignatureKind.TRADEMARK, "会员活动通知", scans=2)
    signatures.reject_signature(
        signature=rejected,
        by=operator,
        seen=rejected.submitted_at,
        reason="上传的证明文件模糊或不完整，请重新上传清晰、完整的文件。",
    )
    cancelled = _apply(owner, "云启", SignatureKind.APP, "登录验证码")
    signatures.cancel_signature(signature=cancelled, by=owner)
    _apply(owner, "锦程物流", SignatureKind.TRADEMARK, "向收件人发送取件和签收通知", scans=1)
    for number in range(1, 10):
        factories.make_signature(owner.enterprise, f"云启门店{number}", purpose="门店通知")
    return approved


def _templates(owner: User, operator: User, signature: Signature) -> None:
    login = LibraryTemplate.objects.get(name="登录验证码")
    text_templates.take_from_library(
        enterprise=owner.enterprise, by=owner, library_template=login, name=login.name,
        signature=signature,
    )  # fmt: skip
    renewal = _draft(
        signature,
        "年度续费提醒",
        "尊敬的#*#，贵公司订购的企业云服务将于#*#到期，请登录控制台完成续费，"
        "以免影响业务正常使用。客户经理#*#，感谢您的支持与信任。",
        ["客户名称", "到期日", "客户经理"],
    )
    template = text_templates.submit_template(enterprise=owner.enterprise, by=owner, draft=renewal)
    text_templates.approve_template(template=template, by=operator, seen=template.submitted_at)
    sale = _draft(
        signature,
        "双十一会员预热",
        "双十一会员日将于#*#开启，全场满减，到店出示会员码即可参与",
        ["活动日期"],
        kind=TemplateKind.MARKETING,
        traffic=TrafficClass.MARKETING,
    )
    rejected = text_templates.submit_template(enterprise=owner.enterprise, by=owner, draft=sale)
    text_templates.reject_template(
        template=rejected,
        by=operator,
        seen=rejected.submitted_at,
        reason="模板内容与签名所属行业不符，请使用与业务一致的签名或修改内容。",
    )
    for name, content in (
        ("取件通知", "您的快递#*#已到达#*#，取件码#*#，请于今日21:00前领取。"),
        ("登录短信", "您的验证码是#*#，5分钟内有效，请打开 https://yunqi.example.com/login 登录。"),
    ):
        text_templates.submit_template(
            enterprise=owner.enterprise, by=owner, draft=_draft(signature, name, content, [])
        )


def _apply(
    user: User, name: str, kind: SignatureKind, purpose: str, *, scans: int = 0
) -> Signature:
    files = [
        uploads.store(
            [PNG], name=f"商标注册证-{number}.png", enterprise_id=user.enterprise_id,
            by_id=user.pk, accepts=uploads.EVIDENCE, size_bytes_max=uploads.EVIDENCE_BYTES_MAX,
        )
        for number in range(1, scans + 1)
    ]  # fmt: skip
    signature = signatures.submit_signature(
        enterprise=user.enterprise, by=user, name=name, kind=kind, purpose=purpose, files=files
    )
    Signature.objects.filter(pk=signature.pk).update(
        created_at=timezone.now() - timedelta(hours=30)
    )
    return signature


def _draft(
    signature: Signature,
    name: str,
    content: str,
    names: list[str],
    *,
    kind: TemplateKind = TemplateKind.INDUSTRY,
    traffic: TrafficClass = TrafficClass.NOTICE,
) -> Draft:
    return Draft(
        name=name,
        signature=signature,
        content=content,
        kind=kind,
        traffic=traffic,
        position=SignaturePosition.FRONT,
        variable_names=names,
    )
