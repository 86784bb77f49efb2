"""The audit log: who did what to what, for whom. Every room calls `record`.

A new action needs its label in ACTIONS; a test compares.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.accounts.models import AuditEntry, Enterprise, User
from yunxin.web.addresses import client_address

Actor = User | HttpRequest | None
"""Who acts: a user, their request (which also tells the address), or a command (None)."""

ACTIONS: dict[str, str | Promise] = {
    "enterprise.create": _("Enterprise created"),
    "enterprise.edit": _("Enterprise changed"),
    "enterprise.suspend": _("Enterprise suspended"),
    "enterprise.resume": _("Enterprise resumed"),
    "user.create": _("User added"),
    "user.edit": _("User changed"),
    "user.disable": _("User disabled"),
    "user.enable": _("User enabled"),
    "user.reset_password": _("Password reset"),
    "user.unlock": _("Sign-in unlocked"),
    "operator.create": _("Operator added"),
    "signature.approve": _("Signature approved"),
    "signature.reject": _("Signature rejected"),
    "signature.cancel": _("Signature cancelled"),
    "signature.extension": _("Signature's extension code changed"),
    "template.approve": _("Template approved"),
    "template.reject": _("Template rejected"),
    "template.delete": _("Template deleted"),
    "library.create": _("Library template added"),
    "library.edit": _("Library template changed"),
    "library.delete": _("Library template removed"),
    "reason.create": _("Reject reason added"),
    "reason.edit": _("Reject reason changed"),
    "reason.delete": _("Reject reason removed"),
    "package.grant": _("Package granted"),
    "package.adjust": _("Package adjusted"),
    "channel.create": _("Channel added"),
    "channel.edit": _("Channel changed"),
    "channel.start": _("Channel started"),
    "channel.stop": _("Channel stopped"),
    "channel.drain": _("Channel drained"),
    "channel.try": _("Log-in of a channel tried"),
    "channel.delete": _("Channel removed"),
    "route.create": _("Route added"),
    "route.edit": _("Route changed"),
    "route.delete": _("Route removed"),
    "word.create": _("Forbidden word added"),
    "word.edit": _("Forbidden word changed"),
    "word.delete": _("Forbidden word removed"),
    "block.create": _("Number blocked"),
    "block.delete": _("Number unblocked"),
    "code.create": _("Carrier code added"),
    "code.edit": _("Carrier code changed"),
    "code.delete": _("Carrier code removed"),
    "prefix.edit": _("Number range changed"),
    "prefix.delete": _("Number range removed"),
    "ported.upload": _("File of ported numbers uploaded"),
    "ported.import": _("Ported numbers imported"),
    "ported.delete": _("Ported number removed"),
    "ported.edit": _("Ported number changed"),
    "porting.on": _("Learning of ported numbers switched on"),
    "porting.off": _("Learning of ported numbers switched off"),
    "porting.create": _("Rule for ported numbers added"),
    "porting.delete": _("Rule for ported numbers removed"),
    "places.upload": _("File of number places uploaded"),
    "places.import": _("Number places imported"),
    "contact.create": _("Contact added"),
    "contact.edit": _("Contact changed"),
    "contact.delete": _("Contacts deleted"),
    "contact_group.create": _("Contact group added"),
    "contact_group.rename": _("Contact group renamed"),
    "contact_group.delete": _("Contact group deleted"),
    "contact_group.join": _("Contacts put into groups"),
    "contact_group.leave": _("Contacts taken out of groups"),
    "contact.write": _("Contacts written over the API"),
    "contacts.delete": _("Deletion of many contacts begun"),
    "contacts.join": _("Putting of many contacts into groups begun"),
    "contacts.leave": _("Taking of many contacts out of groups begun"),
    "records.export": _("Sending records exported"),
    "replies.export": _("Reply records exported"),
    "contacts.import": _("Import of contacts begun"),
    "contacts.imported": _("Import of contacts ended"),
    "contacts.export": _("Contacts exported"),
    "contacts.download": _("Exported contacts downloaded"),
    "credential.create": _("Interface key made"),
    "credential.rotate": _("Interface key replaced"),
    "credential.disable": _("Interface key disabled"),
    "network.apply": _("IP address applied for"),
    "network.approve": _("IP address approved"),
    "network.reject": _("IP address rejected"),
    "network.withdraw": _("IP address withdrawn"),
    "limits.edit": _("Interface limits changed"),
    "target.edit": _("Push URL changed"),
    "target.secret": _("Signing secret replaced"),
    "push.replay": _("Pushed again"),
    "smpp_account.create": _("SMPP account made"),
    "smpp_account.edit": _("SMPP account changed"),
    "smpp_account.password": _("Password of an SMPP account replaced"),
    "smpp_account.enable": _("SMPP account enabled"),
    "smpp_account.disable": _("SMPP account disabled"),
    "smpp_session.close": _("SMPP session closed"),
}


# What the names in an entry's detail mean to people; a name that is not here is shown as it is.
DETAILS: dict[str, str | Promise] = {
    "reason": _("Reason"),
    "role": _("Role"),
    "changed": _("Changed"),
    "segments": _("Segments"),
    "package": _("Package"),
    "count": _("Number"),
    "records": _("Records"),
    "industry": _("Industry"),
    "carrier": _("Carrier"),
    "name": _("Name"),
    "contact": _("Contact"),
    "contact_name": _("Contact"),
    "contact_phone": _("Contact's phone"),
    "access_number": _("Access number"),
    "extension_code": _("Extension code"),
    "weight": _("Share of the lines"),
    "full_name": _("Full name"),
    "phone": _("Mobile number"),
    "email": _("E-mail"),
    "kind": _("Kind"),
    "scopes": _("Permissions"),
    "networks": _("Addresses"),
    "replaces": _("Replaces"),
    "overlap_h": _("Overlap in hours"),
    "note": _("Remark"),
    "ronghe_allowed": _("Ronghe dialect allowed"),
    "requests_per_s": _("Requests per second"),
    "recipients_per_s": _("Recipients per second"),
    "format": _("Format"),
    "enabled": _("Switched on"),
    "portal_too": _("Portal messages too"),
    "events": _("Events"),
    "replies": _("Replies found"),
    "key": _("Interface key"),
    "joined": _("Put into groups"),
    "left": _("Taken out of groups"),
    "groups": pgettext_lazy("contact", "Groups"),
    "group": pgettext_lazy("contact", "Group"),
    "overwrite": _("Existing contacts replaced"),
    "created": _("New contacts"),
    "known": _("Contacts that were there"),
    "duplicates": _("Rows with a number from further up"),
    "refused": _("Rows refused"),
    "removed": _("Removed"),
    "whole": _("Takes the place of the whole table"),
    "problem": _("What went wrong"),
    "search": _("Searched for"),
    "account_name": _("Account name"),
    "smpp_account": _("SMPP account"),
    "window": _("SMPP window"),
    "rate_per_s": _("Segments per second"),
    "sessions_max": _("Sessions at most"),
    "text_mode": _("Allowed texts"),
    "traffic": _("Purpose of free texts"),
    "source_rule": _("Meaning of source_addr"),
    "extension": _("Digits of the account"),
    "delivered_replies": _("Delivered replies"),
    "default_alphabet": _("Default alphabet"),
    "address": _("Peer address"),
    "from": _("From"),
    "to": _("Until"),
}


def record(
    actor: Actor,
    action: str,
    subject: object,
    enterprise: Enterprise | None = None,
    **detail: Any,
) -> AuditEntry:
    """Write down one action; call it inside the transaction that carries it out.

    Args:
        actor: see Actor.
        action: a key of ACTIONS, such as "signature.approve".
        subject: what it was done to, as people call it; cut at 200 characters.
        enterprise: whom it concerns; None for what belongs to the platform.
        detail: JSON values worth keeping, such as a reason or what changed.
    """
    request = actor if isinstance(actor, HttpRequest) else None
    return AuditEntry.objects.create(
        actor=user_of(actor),
        action=action,
        subject=str(subject)[:200],
        enterprise=enterprise,
        detail=detail,
        address=client_address(request) if request else None,
    )


def user_of(actor: Actor) -> User | None:
    """The user behind an actor."""
    return actor.user if isinstance(actor, HttpRequest) else actor  # type: ignore[return-value]


def label(action: str) -> str | Promise:
    """What people read for an action."""
    return ACTIONS.get(action, action)
