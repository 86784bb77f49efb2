"""The users of an enterprise, and operators: added, changed, disabled, given a new password."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from yunxin.accounts import audit, notices, passwords
from yunxin.accounts.audit import Actor
from yunxin.accounts.errors import LastOwner, NameTaken, NotYourself
from yunxin.accounts.models import Enterprise, User


def add_user(
    enterprise: Enterprise | None,
    *,
    by: Actor,
    username: str,
    role: str,
    full_name: str = "",
    phone: str = "",
    email: str = "",
) -> tuple[User, str]:
    """Add a user of an enterprise, or (None) an operator; returns the initial password too.

    Raises:
        NameTaken: account names are unique on the whole platform.
    """
    user = User(
        username=username.lower(), enterprise=enterprise, role=role,
        full_name=full_name, phone=phone, email=email,
    )  # fmt: skip
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
            password = passwords.give_initial_password(user)
            action = "user.create" if enterprise else "operator.create"
            audit.record(by, action, user, enterprise, role=role)
    except IntegrityError:
        raise NameTaken(
            _("The account name %(name)s is taken; choose another.") % {"name": username},
            "username",
        ) from None
    return user, password


@transaction.atomic
def edit_user(user: User, *, by: Actor, role: str, full_name: str, phone: str, email: str) -> User:
    """Change what a user may do and how they are reached.

    Raises:
        NotYourself: nobody changes their own role.
        LastOwner: an enterprise keeps an owner.
    """
    if role != user.role:
        _check_not_oneself(user, by)
        _check_owner_remains(user)
    changed = {
        name: new
        for name, new in {
            "role": role, "full_name": full_name, "phone": phone, "email": email,
        }.items()
        if getattr(user, name) != new
    }  # fmt: skip
    for name, value in changed.items():
        setattr(user, name, value)
    user.save(update_fields=list(changed))
    audit.record(by, "user.edit", user, user.enterprise, changed=sorted(changed), role=role)
    return user


@transaction.atomic
def disable_user(user: User, *, by: Actor) -> User:
    """Let a user sign in no more; sessions that are open end with the next page.

    Raises:
        NotYourself, LastOwner: somebody must be able to go on.
    """
    _check_not_oneself(user, by)
    _check_owner_remains(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit.record(by, "user.disable", user, user.enterprise)
    return user


@transaction.atomic
def enable_user(user: User, *, by: Actor) -> User:
    """Let a disabled user sign in again, with the password they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(by, "user.enable", user, user.enterprise)
    return user


@transaction.atomic
def reset_password(user: User, *, by: Actor) -> str:
    """Give a user a new initial password and end their sessions; returns it, once."""
    password = passwords.give_initial_password(user)
    audit.record(by, "user.reset_password", user, user.enterprise)
    if user.enterprise is not None and _is_an_operators(by):
        notices.tell(user.enterprise, "user.password_reset", user)
    return password


def _is_an_operators(by: Actor) -> bool:
    """Whether somebody of the platform does it, which the enterprise should hear of."""
    doer = audit.user_of(by)
    return doer is not None and doer.enterprise_id is None


def _check_not_oneself(user: User, by: Actor) -> None:
    if user == audit.user_of(by):
        raise NotYourself


def _check_owner_remains(user: User) -> None:
    """Locks the enterprise: of two owners who demote each other at once, one must stay."""
    if user.role != User.Role.OWNER:
        return
    Enterprise.objects.select_for_update().get(users=user)
    others = User.objects.filter(
        enterprise=user.enterprise_id, role=User.Role.OWNER, is_active=True
    ).exclude(pk=user.pk)
    if not others.exists():
        raise LastOwner
