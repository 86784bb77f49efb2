"""What happens once, however often it is sent or looked at: forms that make things, and secrets.

**A form** carries a number (`{% form_number %}`; those of `web/form.html` and of `web/confirm.html`
have it). Where a form makes something (a template, a package, a key), its view is decorated with
`once`, inside the decorator that lets people in: sent twice (a second press, a reload) it is
carried out once, and both are led to the same page.

**A secret** that may be seen only once is kept sealed for the few minutes until its page is
opened: `keep` it, redirect to a page that `take`s it. A reload of that page makes no second secret
and shows none.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.sealing import seal, unseal
from yunxin.web.models import KeptSecret, SentForm

FIELD = "form_number"
NUMBER_BYTES = 24
CSRF = "csrfmiddlewaretoken"  # another each time the page is shown
# Longer than a session: a page that was open over night may still be sent.
FORMS_KEPT = timedelta(days=2)
SECRETS_KEPT = timedelta(minutes=10)

View = Callable[..., HttpResponseBase]


def once(view: View) -> View:
    """Carry out a form once, whatever is sent twice; the view answers success with a redirect.

    Everything that the view does is one transaction with the note that the form was sent; a second
    one waits for the first, and is led where the first was. Any other answer (errors to mend)
    leaves the number good. Who goes back in the browser and sends the same page with other words
    sends another form. A form without a number is carried out as often as it comes.
    """

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        with transaction.atomic():
            sent, is_first = SentForm.objects.get_or_create(
                user_id=request.user.pk, number=_digest(request)
            )
            if is_first:
                response = view(request, *args, **kwargs)
                if 300 <= response.status_code < 400:
                    SentForm.objects.filter(pk=sent.pk).update(location=response["Location"])
                else:
                    sent.delete()
                return response
        messages.info(request, _("The form was sent twice; it was carried out once."))
        return redirect(sent.location)

    return guarded


def _digest(request: HttpRequest) -> str:
    """What was sent, with the number of its page; 64 hexadecimal digits."""
    fields = [(name, each) for name, each in request.POST.lists() if name != CSRF]
    files = [(name, [(f.name, f.size) for f in each]) for name, each in request.FILES.lists()]
    told = json.dumps([request.path, sorted(fields), sorted(files)])
    return hashlib.sha256(told.encode()).hexdigest()


def new_number() -> str:
    """A number for a form that is about to be shown."""
    return secrets.token_urlsafe(NUMBER_BYTES)


def keep(request: Any, **facts: Any) -> str:
    """Keep a secret, with what its page needs to know, for this user to be shown once.

    Returns:
        the ticket with which `take` finds it.
    """
    ticket = secrets.token_urlsafe(NUMBER_BYTES)
    sealed = seal(settings.SECRET_KEY, json.dumps(facts))
    KeptSecret.objects.create(ticket=ticket, user_id=request.user.pk, sealed=sealed)
    return ticket


def already_shown(request: HttpRequest, *, back: str) -> HttpResponse:
    """The page in the place of a secret that was shown, that came too late, or is another's."""
    context = {"title": _("It was shown already"), "back": back}
    return render(request, "web/already_shown.html", context, status=404)


def take(request: Any, ticket: str) -> dict[str, Any] | None:
    """What was kept, and never again; None if it was shown, is too old, or is another's."""
    young = KeptSecret.objects.filter(at__gt=timezone.now() - SECRETS_KEPT)
    with transaction.atomic():
        row = young.select_for_update().filter(ticket=ticket, user_id=request.user.pk).first()
        if row is None:
            return None
        row.delete()
    facts: dict[str, Any] = json.loads(unseal(settings.SECRET_KEY, row.sealed))
    return facts


def forget_old() -> None:
    """Drop secrets whose page was not opened in time, and the numbers of old forms."""
    now = timezone.now()
    KeptSecret.objects.filter(at__lte=now - SECRETS_KEPT).delete()
    SentForm.objects.filter(at__lt=now - FORMS_KEPT).delete()
