"""Enterprises as operators run them: created with their first user, changed, suspended."""

import secrets
from string import ascii_uppercase

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit, extensions, members, notices
from yunxin.accounts.audit import Actor
from yunxin.accounts.errors import NameTaken
from yunxin.accounts.models import Enterprise, User
from yunxin.web.hints import hint

CPCODE_LENGTH = 6  # the HTTP dialect's merchant code: six capitals


def make_cpcode() -> str:
    """A merchant code that nobody has; 300 million are possible."""
    while True:
        code = "".join(secrets.choice(ascii_uppercase) for _ in range(CPCODE_LENGTH))
        if not Enterprise.objects.filter(cpcode=code).exists():
            return code


@transaction.atomic
def create_enterprise(
    *,
    by: Actor,
    name: str,
    username: str,
    full_name: str = "",
    contact_name: str = "",
    contact_phone: str = "",
    access_number: str = "",
    extension_code: str = "",
    weight: int = 1,
) -> tuple[Enterprise, User, str]:
    """Create an enterprise and its owner; the third value is the owner's initial password.

    Raises:
        NameTaken: of the enterprise or of the account; nothing was created.
        ExtensionRefused: replies to another's code could not be told apart from this one's.
    """
    extensions.lock()
    extensions.check_enterprise(None, extension_code)
    try:
        with transaction.atomic():
            enterprise = Enterprise.objects.create(
                name=name, cpcode=make_cpcode(), contact_name=contact_name,
                contact_phone=contact_phone, access_number=access_number,
                extension_code=extension_code, weight=weight,
            )  # fmt: skip
    except IntegrityError:
        raise _name_taken(name) from None
    audit.record(by, "enterprise.create", enterprise, enterprise)
    owner, password = members.add_user(
        enterprise, by=by, username=username, role=User.Role.OWNER, full_name=full_name
    )
    hint("directory", "enterprise")
    return enterprise, owner, password


@transaction.atomic
def edit_enterprise(enterprise: Enterprise, *, by: Actor, **values: object) -> Enterprise:
    """Change what operators keep about an enterprise: names, numbers, its share of the lines.

    Raises:
        NameTaken: another enterprise has that name.
        ExtensionRefused: replies to another's code could not be told apart from this one's.
    """
    changed = {k: [getattr(enterprise, k), v] for k, v in values.items()}
    changed = {k: pair for k, pair in changed.items() if pair[0] != pair[1]}
    if "extension_code" in changed:
        extensions.lock()
        extensions.check_enterprise(enterprise.pk, str(changed["extension_code"][1]))
    for name, (_old, new) in changed.items():
        setattr(enterprise, name, new)
    try:
        with transaction.atomic():
            enterprise.save(update_fields=list(changed))
    except IntegrityError:
        raise _name_taken(str(values["name"])) from None
    audit.record(by, "enterprise.edit", enterprise, enterprise, changed=changed)
    hint("directory", "enterprise")
    return enterprise


@transaction.atomic
def edit_contact(
    enterprise: Enterprise, *, by: Actor, contact_name: str, contact_phone: str
) -> Enterprise:
    """Change whom the platform calls; the enterprise's own owner may do this."""
    enterprise.contact_name = contact_name
    enterprise.contact_phone = contact_phone
    enterprise.save(update_fields=["contact_name", "contact_phone"])
    audit.record(by, "enterprise.edit", enterprise, enterprise, changed="contact")
    return enterprise


@transaction.atomic
def suspend_enterprise(enterprise: Enterprise, *, by: Actor, reason: str) -> Enterprise:
    """Stop everything an enterprise sends, at once; its users can still read, and see why."""
    enterprise.suspended_at = timezone.now()
    enterprise.suspended_reason = reason
    enterprise.save(update_fields=["suspended_at", "suspended_reason"])
    audit.record(by, "enterprise.suspend", enterprise, enterprise, reason=reason)
    notices.tell(enterprise, "enterprise.suspended", reason)
    hint("directory", "enterprise")
    return enterprise


@transaction.atomic
def resume_enterprise(enterprise: Enterprise, *, by: Actor, reason: str) -> Enterprise:
    """Let a suspended enterprise send again."""
    enterprise.suspended_at = None
    enterprise.suspended_reason = ""
    enterprise.save(update_fields=["suspended_at", "suspended_reason"])
    audit.record(by, "enterprise.resume", enterprise, enterprise, reason=reason)
    notices.tell(enterprise, "enterprise.resumed", enterprise)
    hint("directory", "enterprise")
    return enterprise


def _name_taken(name: str) -> NameTaken:
    message = _("There is an enterprise called %(name)s already.") % {"name": name}
    return NameTaken(message, "name")
