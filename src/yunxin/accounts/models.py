"""Enterprises, their users, and what happened to accounts. Written by the rooms' own functions."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Enterprise(models.Model):
    """A tenant (企业); everything below belongs to exactly one. Writer: accounts."""

    name = models.CharField(max_length=100, unique=True)
    # Shown to developers as the merchant code of the HTTP dialect; six capitals.
    cpcode = models.CharField(max_length=16, unique=True)
    access_number = models.CharField(max_length=20, blank=True)
    extension_code = models.CharField(max_length=8, blank=True)
    contact_name = models.CharField(max_length=40, blank=True)
    contact_phone = models.CharField(max_length=20, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=200, blank=True)
    # Share of the line among enterprises of one traffic class; 1 is ordinary.
    weight = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.suspended_at is None


class UserManager(BaseUserManager["User"]):
    """Looks users up by their account name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=(username or "").lower())


class User(AbstractBaseUser):
    """A login: of an enterprise, or (without one) an operator. Writer: accounts."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        SENDER = "sender", _("Sender")
        VIEWER = "viewer", _("Viewer")
        OPERATOR = "operator", _("Operator")

    username = models.CharField(max_length=64, unique=True)  # lower case
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.SENDER)
    full_name = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=11, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(username=Lower("username")), name="user_username_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(role="operator", enterprise__isnull=True)
                | (~models.Q(role="operator") & models.Q(enterprise__isnull=False)),
                name="user_operator_without_enterprise",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_operator(self) -> bool:
        return self.role == self.Role.OPERATOR

    @property
    def may_send(self) -> bool:
        return self.role in (self.Role.OWNER, self.Role.SENDER)


class LoginEvent(models.Model):
    """One attempt to sign in; kept for 登录历史. Writer: accounts (`accounts.login`).

    Wrong passwords that still count lock the account name and the address, known or not.
    """

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="login_events")
    username = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    succeeded = models.BooleanField()
    # A failure that no later success or new password has made good.
    counts = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("user", "-id"), name="login_event_of_user"),
            models.Index(
                fields=("username", "-at"),
                condition=models.Q(counts=True),
                name="login_failures_of_name",
            ),
            models.Index(
                fields=("address", "-at"),
                condition=models.Q(counts=True),
                name="login_failures_of_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.at}"


class AuditEntry(models.Model):
    """One action of an operator or of an owner that others must be able to trace.

    Append-only. Writer: accounts (`accounts.audit.record`, called by every room, and the function
    `audit_note` of its migrations, called by the API: then nobody is the actor, and `detail` names
    the key).
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Whom it concerns; null for what belongs to the platform.
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)  # "signature.approve"
    subject = models.CharField(max_length=200)  # "【云启科技】 #12"
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="audit_of_enterprise"),
            models.Index(fields=("action", "-id"), name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Notice(models.Model):
    """A line in the bell of the top bar, for everybody of an enterprise or for operators.

    Writer: accounts (`accounts.notices.tell`), called by every room.
    """

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, null=True, related_name="notices"
    )  # null: operators
    kind = models.CharField(max_length=40)  # "signature.approved"; the sentence is made when shown
    subject = models.CharField(max_length=200)
    link = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=("enterprise", "-id"), name="notice_of_enterprise")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
