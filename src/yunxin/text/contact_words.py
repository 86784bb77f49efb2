"""What a contact's fields are in a message: how somebody is addressed, and which field is meant."""

from collections.abc import Mapping

SALUTATIONS: Mapping[str, str] = {"male": "先生", "female": "女士"}
"""Contact.gender → how somebody of it is addressed behind the name."""

_MEANT: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "名字", "客户名", "客户姓名", "联系人", "name"),
    "salutation": ("称呼", "称谓", "salutation"),
    "company": ("单位", "公司", "company"),
    "position": ("职位", "职务", "position"),
    "industry": ("行业", "industry"),
    "birthday": ("生日", "birthday"),
    "phone": ("手机号", "手机号码", "phone"),
}


def field_meant(variable: str) -> str:
    """The field of a contact that a variable of this name most likely stands for, or "".

    A guess, offered as the first choice of a form.
    """
    wanted = variable.strip().lower()
    return next((field for field, names in _MEANT.items() if wanted in names), "")
