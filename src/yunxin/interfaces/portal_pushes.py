"""Portal pages of 技术支持: where receipts and replies are pushed, what was pushed, and again."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yunxin.accounts.access import OWNERS, SENDERS, PortalRequest, portal_page
from yunxin.accounts.models import Enterprise, User
from yunxin.interfaces import checker, labels, push_log, targets
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.forms import RangeForm, SignatureForm, TargetForm
from yunxin.interfaces.listings import Pushes
from yunxin.interfaces.models import PushAttempt, PushBatch, PushTarget, PushWish
from yunxin.interfaces.portal import form_page, is_owner
from yunxin.vocabulary import PushBatchState, PushFormat, PushKind, PushWishKind
from yunxin.web.confirm import ask
from yunxin.web.once import already_shown, keep, once, take
from yunxin.web.templatetags.yunxin import thousands

REFRESH_S = 1
BATCHES_SHOWN = 20  # of a wish; the others are in the log
SLOW_S = 15  # an engine takes a wish within a second

# Push settings -----------------------------------------------------------------------------------


@portal_page()
def pushes(request: PortalRequest) -> HttpResponse:
    """推送设置: both URLs with how they behave."""
    context = {
        "cards": target_cards(request.enterprise),
        "may_change": is_owner(request),
        "waiting_max": targets.WAITING_MAX,
        "lead": _("Status reports and replies come to your systems by themselves."),
    }
    return render(request, "interfaces/portal_pushes.html", context)


def target_cards(enterprise: Enterprise) -> list[dict[str, Any]]:
    """Both URLs of an enterprise, in words."""
    now = timezone.now()
    return [
        {
            "shown": one,
            "label": labels.TARGETS[one.kind],
            "format": labels.FORMATS[PushFormat(one.target.format)] if one.target else "",
            "error": labels.push_error(one.state.last_error) if one.state else "",
            "is_paused": bool(one.state and one.state.open_until and one.state.open_until > now),
            "is_ill": bool(one.state and one.state.failures),
            "edit_url": reverse(f"interfaces:target_{one.kind}"),
        }
        for one in targets.shown(enterprise)
    ]


@portal_page(*OWNERS)
@once
def edit_target(request: PortalRequest, kind: PushKind) -> HttpResponse:
    """Enter or change the URL of a kind."""
    row = targets.find(request.enterprise, kind)
    initial = {
        name: getattr(row, name) for name in ("url", "format", "portal_too", "enabled") if row
    }
    form = TargetForm(request.POST or None, initial=initial or None, kind=kind)
    back = reverse("interfaces:pushes")
    if request.method == "POST" and form.is_valid():
        values = {"portal_too": False, **form.cleaned_data}
        try:
            row, secret = targets.save_target(request.enterprise, kind=kind, by=request, **values)
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            if secret:
                return _to_showing(request, row, secret)
            messages.success(
                request, _("The push settings were saved. Make a test to see it work.")
            )
            return redirect(back)
    title = _("URL of status reports") if kind == PushKind.RECEIPTS else _("URL of replies")
    return form_page(request, form, title, back)


def _to_showing(request: PortalRequest, target: PushTarget, secret: str) -> HttpResponse:
    """To the page that shows a new signing secret, the only time."""
    return redirect("interfaces:secret_shown", keep(request, target=target.pk, secret=secret))


@portal_page(*OWNERS)
@require_GET
def secret_shown(request: PortalRequest, ticket: str) -> HttpResponse:
    """The secret itself; opened again, the page says that it was shown. No cache keeps it."""
    facts = take(request, ticket)
    if facts is None:
        return already_shown(request, back=reverse("interfaces:pushes"))
    target = get_object_or_404(request.enterprise.push_targets, pk=facts["target"])
    context = {"target": target, "secret": facts["secret"], "title": _("The signing secret")}
    response = render(request, "interfaces/portal_secret_once.html", context)
    response["Cache-Control"] = "no-store"
    return response


@portal_page(*OWNERS)
@once
def renew_secret(request: PortalRequest, target_id: int) -> HttpResponse:
    target = get_object_or_404(request.enterprise.push_targets, pk=target_id)
    if request.method == "POST":
        return _to_showing(request, target, targets.renew_secret(target, by=request))
    return ask(
        request,
        title=_("Make a new signing secret?"),
        text=_("Pushes are signed with it at once; until your system knows it, they look forged."),
        button=_("Make a new secret"),
        back=reverse("interfaces:pushes"),
    )


@portal_page(*OWNERS)
@once
def test_target(request: PortalRequest, target_id: int) -> HttpResponse:
    """Push a sample; its page tells what comes back."""
    target = get_object_or_404(request.enterprise.push_targets, pk=target_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Push a test?"),
            text=_("A made-up entry for the phone number 13800000000 is pushed to the URL now."),
            button=_("Push a test"),
            back=reverse("interfaces:pushes"),
            tone="primary",
            facts=[(_("URL"), target.url)],
        )
    wish = targets.ask_for_test(target, by=request)
    return redirect("interfaces:push_wish", wish.pk)


# The log -----------------------------------------------------------------------------------------


@portal_page()
def push_list(request: PortalRequest) -> HttpResponse:
    """推送记录."""
    listing = Pushes(request, request.enterprise)
    dress_pushes(request.enterprise, listing.items)
    context: dict[str, Any] = {
        "listing": listing,
        "lead": _("Every request to your URLs with its tries; those that were given up as well."),
        "may_change": is_owner(request),
    }
    return render(request, "interfaces/portal_push_log.html", context)


def dress_pushes(enterprise: Enterprise, shown: list[PushBatch]) -> None:
    """Give each push its words, and the URL and answer of its last try."""
    last = push_log.last_attempts(enterprise, shown) if shown else {}
    urls = dict(enterprise.push_targets.values_list("pk", "url")) if shown else {}
    for batch in shown:
        attempt = last.get(batch.id)
        row: Any = batch
        row.kind_label = labels.PUSH_KINDS[PushKind(batch.kind)]
        row.format_label = labels.FORMATS[PushFormat(batch.format)]
        row.state_label = labels.BATCH_STATES[PushBatchState(batch.state)]
        row.tone = labels.BATCH_TONES[PushBatchState(batch.state)]
        row.last = attempt
        row.url = attempt.url if attempt else urls.get(batch.target_id, "")
        row.error = labels.push_error(attempt.error) if attempt else ""
        row.is_retried = batch.state == PushBatchState.WAITING and batch.attempt > 0


def _find(request: PortalRequest, batch_id: int) -> PushBatch:
    return get_object_or_404(push_log.batches(request.enterprise), id=batch_id)


@portal_page()
def push(request: PortalRequest, batch_id: int) -> HttpResponse:
    """One push: what was sent, every try, what was answered."""
    batch = _find(request, batch_id)
    dress_pushes(request.enterprise, [batch])
    context = {
        "title": _("Push %(id)s") % {"id": batch.id},
        "batch": batch,
        "body": push_log.body_of(batch, is_masked=request.user.role == User.Role.VIEWER),
        "attempts": in_words(push_log.attempts_of(request.enterprise, batch)),
        "may_replay": is_owner(request) and batch.kind != PushKind.TEST,
    }
    return render(request, "interfaces/portal_push.html", context)


def in_words(attempts: list[PushAttempt]) -> list[PushAttempt]:
    for attempt in attempts:
        row: Any = attempt
        row.sentence = labels.push_error(attempt.error)
    return attempts


@portal_page(*OWNERS)
@once
def replay(request: PortalRequest, batch_id: int) -> HttpResponse:
    """Push one batch again."""
    batch = _find(request, batch_id)
    back = reverse("interfaces:push", args=[batch_id])
    if request.method != "POST":
        return ask(
            request,
            title=_("Push it again?"),
            text=_("The same events go to the URL of today. Your system may know them already."),
            button=_("Push again"),
            back=back,
            tone="primary",
            facts=[(_("Events"), thousands(batch.events))],
        )
    try:
        wish = push_log.replay_batch(request.enterprise, batch, by=request)
    except InterfaceError as error:
        messages.error(request, str(error))
        return redirect(back)
    return redirect("interfaces:push_wish", wish.pk)


@portal_page(*OWNERS)
@once
def replay_range(request: PortalRequest) -> HttpResponse:
    """Push everything of a time again: first how much it is, then, if that is wanted, so be it."""
    rows = {PushKind(row.kind): row for row in request.enterprise.push_targets.filter(enabled=True)}
    back = reverse("interfaces:push_log")
    if not rows:
        messages.error(request, _("No URL is switched on. Enter one in the push settings first."))
        return redirect("interfaces:pushes")
    initial = {"kind": next(iter(rows))}
    form = RangeForm(request.POST or None, initial=initial, kinds=list(rows))
    counted: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        target = rows[form.cleaned_data["kind"]]
        begin, end = form.cleaned_data["from_at"], form.cleaned_data["to_at"]
        try:
            push_log.check_range(begin, end)
            events = push_log.count_events(target, begin, end)
            if events and request.POST.get("confirmed") == _token(target, begin, end):
                wish = push_log.replay_range(
                    target, from_at=begin, to_at=end, events=events, by=request
                )
                return redirect("interfaces:push_wish", wish.pk)
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            counted = {
                "is_counted": True,
                "events": min(events, push_log.EVENTS_MAX),
                "is_more": events > push_log.EVENTS_MAX,
                "token": _token(target, begin, end),
                "target": target,
            }
    title, template = _("Push a time range again"), "interfaces/portal_replay.html"
    return form_page(request, form, title, back, template, **counted)


def _token(target: PushTarget, begin: datetime, end: datetime) -> str:
    """What was counted: who changes the form after that is told anew."""
    return f"{target.pk} {begin.isoformat()} {end.isoformat()}"


@portal_page()
def push_wish(request: PortalRequest, wish_id: int) -> HttpResponse:
    """What becomes of a test or of a replay; renews itself until that is known."""
    rows = PushWish.objects.filter(enterprise=request.enterprise).select_related("target")
    wish = get_object_or_404(rows, pk=wish_id)
    states = push_log.wish_states(request.enterprise, wish) if wish.taken_at else {}
    shown = push_log.wish_batches(request.enterprise, wish, BATCHES_SHOWN) if wish.taken_at else []
    dress_pushes(request.enterprise, shown)
    total = sum(states.values())
    waiting = states.get(PushBatchState.WAITING, 0)
    is_test = wish.kind == PushWishKind.TEST
    age_s = (timezone.now() - wish.created_at).total_seconds()
    is_running = (wish.taken_at is None or waiting > 0) and age_s < 3600
    context = {
        "title": labels.WISHES[PushWishKind(wish.kind)],
        "wish": wish,
        "target_label": labels.TARGETS[PushKind(wish.target.kind)],
        "is_test": is_test,
        "batches": shown,
        "tried": shown[0].last if is_test and shown else None,  # type: ignore[attr-defined]
        "states": [
            (labels.BATCH_STATES[state], labels.BATCH_TONES[state], states.get(state, 0))
            for state in PushBatchState
        ],
        "total": total,
        "done": total - waiting,
        "refresh_s": (REFRESH_S if age_s < 60 else 5) if is_running else 0,
        "is_slow": wish.taken_at is None and age_s > SLOW_S,
    }
    return render(request, "interfaces/portal_push_wish.html", context)


# The signature of a request ----------------------------------------------------------------------


@portal_page(*SENDERS)
def check_signature(request: PortalRequest) -> HttpResponse:
    """What the platform calculates from the six fields of a request in the dialect."""
    form = SignatureForm(request.POST or None, initial={"cpcode": request.enterprise.cpcode})
    found = None
    if request.method == "POST" and form.is_valid():
        found = checker.check(request.enterprise, form.cleaned_data)
    context = {
        "found": found,
        "is_compared": bool(form.is_bound and form.data.get("sign")),
        "is_equal": any(one.is_equal for one in found or ()),
        "is_own_cpcode": not form.is_bound or form.data.get("cpcode") == request.enterprise.cpcode,
        "submit": _("Check"),
        "enterprise": request.enterprise,
    }
    title, back = _("Check a signature"), reverse("interfaces:keys")
    template = "interfaces/portal_signature.html"
    return form_page(request, form, title, back, template, **context)
