"""Who and what the demo shows: two invented enterprises with what they applied for.

Pure data. All names are invented; phone numbers come from a generator in history.sql.
"""

from typing import NamedTuple

from yunxin.vocabulary import (
    ReviewState,
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)

PASSWORD = "yunxin-demo"
OPERATOR = "operator"

APPROVED, PENDING = ReviewState.APPROVED, ReviewState.PENDING
REJECTED, CANCELLED = ReviewState.REJECTED, ReviewState.CANCELLED
INDUSTRY, MARKETING = TemplateKind.INDUSTRY, TemplateKind.MARKETING
CODE, NOTICE, ADVERT = TrafficClass.VERIFICATION, TrafficClass.NOTICE, TrafficClass.MARKETING


class Login(NamedTuple):
    username: str
    full_name: str
    role: str


class DemoSignature(NamedTuple):
    name: str
    kind: SignatureKind
    purpose: str
    state: ReviewState
    reason: str = ""


class DemoTemplate(NamedTuple):
    name: str
    signature: str
    kind: TemplateKind
    traffic: TrafficClass
    content: str
    variable_names: tuple[str, ...]
    state: ReviewState
    reason: str = ""
    position: SignaturePosition = SignaturePosition.FRONT
    carriers: tuple[str, ...] = ("all",)


class DemoPackage(NamedTuple):
    name: str
    total: int
    from_days: int  # relative to today
    to_days: int


class DemoEnterprise(NamedTuple):
    name: str
    cpcode: str
    access_number: str
    extension_code: str
    logins: tuple[Login, ...]
    signatures: tuple[DemoSignature, ...]
    templates: tuple[DemoTemplate, ...]
    packages: tuple[DemoPackage, ...]
    messages_a_day: int


YUNQI = DemoEnterprise(
    name="云启科技有限公司",
    cpcode="YQKJAA",
    access_number="106900001",
    extension_code="01",
    logins=(
        Login("yunqi", "王敏", "owner"),
        Login("yunqi-sender", "陈思远", "sender"),
        Login("yunqi-viewer", "李可", "viewer"),
    ),
    signatures=(
        DemoSignature("云启科技", SignatureKind.COMPANY, "公司各类业务通知", APPROVED),
        DemoSignature("云启商城", SignatureKind.APP, "商城订单与会员活动", APPROVED),
        DemoSignature("云启会员中心", SignatureKind.ACCOUNT, "会员服务通知", PENDING),
        DemoSignature(
            "启航教育",
            SignatureKind.TRADEMARK,
            "培训课程通知",
            REJECTED,
            "签名与注册的企业名称不一致，请补充商标证书或授权书后重新申请。",
        ),
        DemoSignature("云启旧版", SignatureKind.APP, "旧版应用通知", CANCELLED),
    ),
    templates=(
        DemoTemplate(
            "登录验证码", "云启科技", INDUSTRY, CODE,
            "您的验证码为#*#，5分钟内有效，请勿泄露给他人。", ("验证码",), APPROVED,
        ),
        DemoTemplate(
            "年度续费提醒", "云启科技", INDUSTRY, NOTICE,
            "尊敬的#*#，贵公司订购的企业云服务将于#*#到期，请登录控制台完成续费，以免影响业务正常使用。"
            "客户经理#*#，感谢您的支持与信任。",
            ("客户名称", "到期日", "客户经理"), APPROVED,
        ),
        DemoTemplate(
            "订单发货通知", "云启商城", INDUSTRY, NOTICE,
            "您的订单#*#已发货，预计#*#送达，请保持电话畅通。", ("订单号", "日期"), APPROVED,
        ),
        DemoTemplate(
            "会员日活动", "云启商城", MARKETING, ADVERT,
            "#*#您好，会员日全场满200减50，活动截至本周日，欢迎到店选购", ("称呼",), APPROVED,
        ),
        DemoTemplate(
            "系统升级公告", "云启科技", INDUSTRY, NOTICE,
            "系统将于#*#凌晨升级维护，期间暂停服务约2小时，给您带来不便敬请谅解。",
            ("日期",), PENDING,
        ),
        DemoTemplate(
            "新品预热", "云启商城", MARKETING, ADVERT,
            "史上最低价，错过再等一年，点击链接立即抢购", (), REJECTED,
            "营销内容不得使用绝对化用语（“史上最低价”），请修改后重新提交。",
        ),
        DemoTemplate(
            "活动回访", "云启科技", INDUSTRY, NOTICE,
            "感谢您参加#*#，诚邀您对本次活动提出宝贵意见。", ("活动名称",), APPROVED,
            position=SignaturePosition.BACK, carriers=("mobile", "unicom"),
        ),
    ),
    packages=(
        DemoPackage("文本短信 20 万条", 200_000, -200, 165),
        DemoPackage("文本短信 5 万条（赠送）", 50_000, -30, 335),
    ),
    messages_a_day=420,
)  # fmt: skip

JINCHENG = DemoEnterprise(
    name="锦程物流有限公司",
    cpcode="JCWLAA",
    access_number="106900002",
    extension_code="02",
    logins=(
        Login("jincheng", "周岚", "owner"),
        Login("jincheng-sender", "吴桐", "sender"),
    ),
    signatures=(
        DemoSignature("锦程物流", SignatureKind.COMPANY, "快递与仓储通知", APPROVED),
        DemoSignature("锦程快运", SignatureKind.TRADEMARK, "零担业务通知", PENDING),
    ),
    templates=(
        DemoTemplate(
            "快递取件通知", "锦程物流", INDUSTRY, NOTICE,
            "#*#您好，您的快递已到达#*#，取件码#*#，请于今日21:00前领取。",
            ("称呼", "驿站", "取件码"), APPROVED,
        ),
        DemoTemplate(
            "派送通知", "锦程物流", INDUSTRY, NOTICE,
            "您的包裹正在派送，快递员#*#，请注意接听电话。", ("姓名",), APPROVED,
        ),
        DemoTemplate(
            "签收确认", "锦程物流", INDUSTRY, NOTICE,
            "您的包裹已由#*#签收，感谢使用锦程物流。", ("签收人",), PENDING,
        ),
    ),
    packages=(DemoPackage("文本短信 3 万条", 30_000, -60, 305),),
    messages_a_day=260,
)  # fmt: skip

ENTERPRISES = (YUNQI, JINCHENG)

FORBIDDEN_WORDS = ("代开发票", "网络赌博", "高利贷", "刷单返利", "内幕消息", "无抵押贷款")

REPLIES = ("好的，谢谢", "收到", "请问几点可以取件？", "R", "TD", "明天再来")
