"""Operators' pages: channels with their live state, number ranges, blacklist, forbidden words."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.carriers import blocklist, channels, labels, numbers, tries, waiting, words
from yunxin.carriers.account_forms import FORMS, AccountForm
from yunxin.carriers.forms import BlockForm, PrefixForm, WordsForm
from yunxin.carriers.models import BlockedNumber, Channel, ForbiddenWord, NumberPrefix
from yunxin.carriers.number_labels import PROVINCES
from yunxin.text.phones import PhoneInvalid
from yunxin.vocabulary import (
    BlockReason,
    BreakerState,
    CarrierName,
    CarrierProtocol,
    ChannelWish,
    Province,
    TrafficClass,
    WireAlphabet,
)
from yunxin.web.confirm import ask
from yunxin.web.listing import Choice, Column, Filter, Listing
from yunxin.web.once import once

REFRESH_S = 3
TEXT_MAX = 2000  # characters of a text that is tried


# -- channels ------------------------------------------------------------------------------------
class Channels(Listing):
    columns = (
        Column("name", _("Channel"), "title", sort="name"),
        Column("state", _("Live state"), "status"),
        Column("account", _("Gateway and account")),
        Column("carriers", _("Carriers")),
        Column("window", _("Window in use")),
        Column("rate", _("Speed per second"), "number"),
        Column("waiting", _("Waiting"), "number"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("name", "host", "system_id", "access_number")
    search_label = _("Channel, host, account or access number")
    order = ("id",)
    empty_icon = "route"
    empty_title = _("There is no channel yet.")
    empty_text = _("Messages are sent through the carrier accounts that are entered here.")
    refresh_s = REFRESH_S


@console_page
def channel_list(request: ConsoleRequest) -> HttpResponse:
    """All channels with what the engines say of them; renews itself."""
    listing = Channels(request, Channel.objects.prefetch_related("enterprises"))
    _dress(listing.items)
    in_all, is_complete = channels.count_waiting()
    context = {
        "listing": listing,
        "in_all": f"{in_all:,}" + ("" if is_complete else "+"),
        "action_url": reverse("carriers:console_new_channel"),
        "action_label": _("New channel"),
    }
    return render(request, "carriers/console_channels.html", context)


def _dress(shown: list[Channel]) -> None:
    """Give each channel its live state, what waits for it, and the words for both."""
    live = channels.read_live(shown)
    fitting = waiting.count_for(shown, timezone.now())
    for channel in shown:
        state: Any = live[channel.pk]
        row: Any = channel
        row.live = state
        row.waiting = fitting[channel.pk]
        row.protocol_label = labels.protocol_of(channel)
        row.state_label = labels.LINK_STATES[state.state]
        row.breaker_label = labels.BREAKERS.get(state.breaker, "")
        row.breaker_words = labels.BREAKER_WORDS[state.breaker]
        row.breaker_is_closed = state.breaker == BreakerState.CLOSED
        row.tone = labels.LINK_TONES[state.state]
        row.sign = {"cyan": "", "grey": ""}.get(row.tone, row.tone)
        row.carrier_labels = [labels.CARRIERS[CarrierName(name)] for name in channel.carriers]
        row.province_labels = [PROVINCES[Province(name)] for name in channel.provinces]
        row.traffic_labels = [labels.TRAFFIC[TrafficClass(name)] for name in channel.traffics]
        row.is_running = channel.wish == ChannelWish.RUN
        row.is_stopped = channel.wish == ChannelWish.STOP
        row.is_slowed = 0 < state.allowed_per_s < channel.rate_per_s


@console_page
def channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """One channel: live state, last error, settings. A refresh asks for the live state alone."""
    found = get_object_or_404(Channel.objects.prefetch_related("enterprises"), pk=channel_id)
    _dress([found])
    context: dict[str, Any] = {"channel": found, "refresh_s": REFRESH_S}
    if request.htmx:
        return render(request, "carriers/_channel_live.html", context)
    form = _form_of(found)(instance=found)
    context |= {
        "title": found.name,
        "facts": list(form.facts()),
        "name_label": form.name_label,
        "alphabet": form.alphabets[WireAlphabet(found.alphabet)],
        "last_try": found.tries.first(),
    }
    return render(request, "carriers/console_channel.html", context)


@console_page
def new_channel(request: ConsoleRequest) -> HttpResponse:
    """Choose what a new channel speaks; its form comes next."""
    context = {
        "title": _("New channel"),
        "choices": [(protocol, *words) for protocol, words in labels.PROTOCOL_WORDS.items()],
        "cancel_url": reverse("carriers:console_channels"),
    }
    return render(request, "carriers/console_new_channel.html", context)


@console_page
@once
def new_account(request: ConsoleRequest, protocol: str) -> HttpResponse:
    """Enter a carrier account; it is not connected before somebody starts it."""
    if protocol not in FORMS:
        raise Http404
    form = FORMS[CarrierProtocol(protocol)](request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = channels.create_channel(
            values=form.values,
            password=form.cleaned_data["password"],
            deliver_password=form.deliver_password_given,
            by=request.user,
        )
        messages.success(request, gettext("The channel is stored. Start it to connect it."))
        return _after(request, made)
    back = reverse("carriers:console_new_channel")
    return _channel_form(request, form, _("New channel"), back)


@console_page
def edit_channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """Change a carrier account; the line is made anew where it must be."""
    found = get_object_or_404(Channel, pk=channel_id)
    form = _form_of(found)(request.POST or None, instance=found)
    back = reverse("carriers:console_channel", args=[channel_id])
    if request.method == "POST" and form.is_valid():
        changed = channels.change_channel(
            channel_id=channel_id,
            values=form.values,
            password=form.password_given,
            deliver_password=form.deliver_password_given,
            by=request.user,
        )
        messages.success(request, gettext("The channel was changed."))
        return _after(request, changed)
    return _channel_form(request, form, _("Edit the channel"), back)


def _form_of(channel: Channel) -> type[AccountForm]:
    return FORMS[CarrierProtocol(channel.protocol)]


def _after(request: ConsoleRequest, stored: Channel) -> HttpResponse:
    """To the channel, or to the answer of a log-in where its button was pressed."""
    if request.POST.get("then") != "try":
        return redirect("carriers:console_channel", stored.pk)
    asked = tries.ask_for_try(channel_id=stored.pk, by=request.user)
    return redirect("carriers:console_channel_try", stored.pk, asked.pk)


def _channel_form(
    request: ConsoleRequest, form: AccountForm, title: Any, back: str
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "submit": _("Save"),
        "cancel_url": back,
        "protocol": labels.PROTOCOL_WORDS[form.protocol],
        "is_new": form.instance.pk is None,
    }
    status = 422 if form.errors else 200
    return render(request, "carriers/console_channel_form.html", context, status=status)


@console_page
def start_channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """Let the engine connect the channel."""
    found = get_object_or_404(Channel, pk=channel_id)
    if request.method == "POST":
        channels.start_channel(channel_id=channel_id, by=request.user)
        messages.success(request, gettext("%(name)s is being connected.") % {"name": found.name})
    return redirect("carriers:console_channel", channel_id)


@console_page
def drain_channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """Let a channel finish what it has and take nothing new, after a question."""
    found = get_object_or_404(Channel, pk=channel_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Drain the channel %(name)s?") % {"name": found.name},
            text=_(
                "What it has is still sent, nothing new goes to it, and then it is disconnected."
                " Receipts that come later wait at the carrier until it is started again."
            ),
            button=_("Drain"),
            back=reverse("carriers:console_channel", args=[channel_id]),
            tone="primary",
        )
    channels.drain_channel(channel_id=channel_id, by=request.user)
    messages.success(request, gettext("%(name)s drains.") % {"name": found.name})
    return redirect("carriers:console_channel", channel_id)


@console_page
def stop_channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """Disconnect the channel, after a question."""
    found = get_object_or_404(Channel, pk=channel_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Stop the channel %(name)s?") % {"name": found.name},
            text=_(
                "What it has and did not send yet takes other channels, or waits. To let it finish"
                " that first, drain it."
            ),
            button=_("Stop"),
            back=reverse("carriers:console_channel", args=[channel_id]),
        )
    channels.stop_channel(channel_id=channel_id, by=request.user)
    messages.success(request, gettext("%(name)s was stopped.") % {"name": found.name})
    return redirect("carriers:console_channel", channel_id)


# -- number ranges -------------------------------------------------------------------------------
class Prefixes(Listing):
    columns = (
        Column("prefix", _("Leading digits"), "title", sort="prefix"),
        Column("carrier", _("Carrier"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (Choice("carrier", _("Every carrier"), lambda: labels.CARRIERS.items()),)
    search = ("prefix",)
    search_label = _("Leading digits")
    order = ("prefix",)
    empty_icon = "hash"
    empty_title = _("The table is empty: every number takes the default route.")


@console_page
def number_ranges(request: ConsoleRequest) -> HttpResponse:
    """Whose numbers are whose, and a field to try one."""
    listing = Prefixes(request, NumberPrefix.objects.all())
    for row in listing.items:
        row.carrier_label = labels.CARRIERS[CarrierName(row.carrier)]
    context = {
        "listing": listing,
        "action_url": reverse("carriers:console_new_prefix"),
        "action_label": _("Add a number range"),
        **_tried_number(request.GET.get("try", "").strip()[:20]),
    }
    return render(request, "carriers/console_numbers.html", context)


def _tried_number(phone: str) -> dict[str, Any]:
    if not phone:
        return {}
    try:
        return {"tried": phone, "found": labels.CARRIERS[numbers.find_carrier(phone)]}
    except PhoneInvalid:
        return {"tried": phone, "problem": _("This is not a mainland mobile number.")}


@console_page
def new_prefix(request: ConsoleRequest) -> HttpResponse:
    """Add a range, or say anew whose it is."""
    form = PrefixForm(request.POST or None, initial={"digits": request.GET.get("digits", "")[:4]})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        numbers.set_prefix(
            prefix=data["digits"], carrier=CarrierName(data["carrier"]), by=request.user
        )
        messages.success(
            request, gettext("The number range %(name)s is stored.") % {"name": data["digits"]}
        )
        return redirect("carriers:console_numbers")
    context = {
        "form": form,
        "title": _("Add a number range"),
        "cancel_url": reverse("carriers:console_numbers"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@console_page
def remove_prefix(request: ConsoleRequest, prefix: str) -> HttpResponse:
    """Take a range out of the table, after a question."""
    get_object_or_404(NumberPrefix, pk=prefix)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Remove the number range %(name)s?") % {"name": prefix},
            text=_("Its numbers then go by a shorter range, or take the default route."),
            button=_("Remove"),
            back=reverse("carriers:console_numbers"),
        )
    numbers.remove_prefix(prefix=prefix, by=request.user)
    messages.success(request, gettext("The number range was removed."))
    return redirect("carriers:console_numbers")


# -- blacklist -----------------------------------------------------------------------------------
class Blacklist(Listing):
    columns = (
        Column("phone", _("Phone"), "title"),
        Column("reason", _("Kind"), "status"),
        Column("owner", _("Holds for")),
        Column("note", _("Note")),
        Column("by", _("By")),
        Column("at", _("Time"), "time", sort="at"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("phone",)
    search_label = _("The number's first digits")
    empty_icon = "phone-off"
    empty_title = _("The blacklist is empty.")
    empty_text = _("Replies that unsubscribe appear here by themselves.")

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(phone__startswith=self.text) if self.text else rows


def _blacklist_filters() -> list[Filter]:
    """Whose list and why; the enterprises are read once a request."""
    enterprises = Enterprise.objects.order_by("name").values_list("pk", "name")
    owners: list[tuple[Any, Any]] = [(blocklist.EVERYBODY, _("Everybody's list")), *enterprises]
    return [
        Choice("owner", _("All lists"), owners, "enterprise_id"),
        Choice("reason", _("All kinds"), labels.BLOCK_REASONS.items()),
    ]


@console_page
def blacklist(request: ConsoleRequest) -> HttpResponse:
    """Blocked numbers of the platform and of every enterprise."""
    rows = BlockedNumber.objects.select_related("by")
    listing = Blacklist(request, rows, filters=_blacklist_filters())
    owners = Enterprise.objects.in_bulk({row.enterprise_id for row in listing.items})
    for row in listing.items:
        row.owner = owners.get(row.enterprise_id)
        row.reason_label = labels.BLOCK_REASONS[BlockReason(row.reason)]
    context = {
        "listing": listing,
        "action_url": reverse("carriers:console_block"),
        "action_label": _("Block numbers"),
    }
    return render(request, "carriers/console_blacklist.html", context)


@console_page
def block(request: ConsoleRequest) -> HttpResponse:
    """Block one number or many."""
    form = BlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = blocklist.block_phones(
            typed=data["phones"],
            enterprise=data["enterprise"],
            reason=data["reason"],
            note=data["note"],
            by=request.user,
        )
        if not _say_blocked(request, form, done):
            return redirect("carriers:console_blacklist")
    context = {
        "form": form,
        "title": _("Block numbers"),
        "submit": _("Block"),
        "cancel_url": reverse("carriers:console_blacklist"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


def _say_blocked(request: ConsoleRequest, form: BlockForm, done: blocklist.Blocked) -> bool:
    """Say what became of the numbers; whether some were none and the form must be shown again."""
    if done.added or done.already:
        messages.success(
            request,
            ngettext(
                "%(added)s number was blocked, %(already)s were blocked already.",
                "%(added)s numbers were blocked, %(already)s were blocked already.",
                done.added,
            )
            % {"added": done.added, "already": done.already},
        )
    if done.invalid:
        shown = ", ".join(done.invalid[:5])
        form.add_error(
            "phones",
            _("These are not mainland mobile numbers and were left out: %(numbers)s")
            % {"numbers": shown + ("…" if len(done.invalid) > 5 else "")},
        )
    return bool(done.invalid)


@console_page
def unblock(request: ConsoleRequest, entry_id: int) -> HttpResponse:
    """Take a number off a list, after a question."""
    entry = get_object_or_404(BlockedNumber, pk=entry_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Unblock %(phone)s?") % {"phone": entry.phone},
            text=_unblock_text(entry),
            button=_("Unblock"),
            back=reverse("carriers:console_blacklist"),
        )
    blocklist.unblock_phones(ids=[entry_id], enterprise_id=None, by=request.user)
    messages.success(request, gettext("The number was unblocked."))
    return redirect("carriers:console_blacklist")


def _unblock_text(entry: BlockedNumber) -> Any:
    if entry.reason == BlockReason.UNSUBSCRIBED:
        return _(
            "The phone's holder unsubscribed by a reply."
            " Only unblock it when the holder asks for it."
        )
    return _("Messages may be sent to it again from now on.")


# -- forbidden words -----------------------------------------------------------------------------
class Words(Listing):
    columns = (
        Column("word", _("Word"), "title", sort="word"),
        Column("note", _("Note")),
        Column("by", _("By")),
        Column("at", _("Time"), "time", sort="at"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("word",)
    search_label = _("Search by word")
    empty_icon = "shield-off"
    empty_title = _("There are no forbidden words yet.")
    empty_text = _("Texts that hold one are refused before they cost anything.")


@console_page
def forbidden_words(request: ConsoleRequest) -> HttpResponse:
    """The list of words, and a field to try a text."""
    listing = Words(request, ForbiddenWord.objects.select_related("by"))
    context = {
        "listing": listing,
        "action_url": reverse("carriers:console_new_words"),
        "action_label": _("Add words"),
    }
    return render(request, "carriers/console_words.html", context)


@console_page
def try_text(request: ConsoleRequest) -> HttpResponse:
    """Which forbidden words a text holds; a piece of the words' page."""
    text = request.POST.get("text", "")[:TEXT_MAX]
    context = {"text": text, "hits": words.find_all(text) if text.strip() else None}
    if request.headers.get("HX-Request"):
        return render(request, "carriers/_tried_text.html", context)
    listing = Words(request, ForbiddenWord.objects.select_related("by"))
    return render(request, "carriers/console_words.html", {"listing": listing, **context})


@console_page
def new_words(request: ConsoleRequest) -> HttpResponse:
    """Forbid one word or many."""
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = words.forbid_words(words=data["words"], note=data["note"], by=request.user)
        if not _say_forbidden(request, form, done):
            return redirect("carriers:console_words")
    context = {
        "form": form,
        "title": _("Add words"),
        "submit": _("Add"),
        "cancel_url": reverse("carriers:console_words"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


def _say_forbidden(request: ConsoleRequest, form: WordsForm, done: words.Added) -> bool:
    """Say what became of the words; whether some were refused and the form must be shown again."""
    if done.added or done.already:
        messages.success(
            request,
            ngettext(
                "%(added)s word was added, %(already)s were there already.",
                "%(added)s words were added, %(already)s were there already.",
                done.added,
            )
            % {"added": done.added, "already": done.already},
        )
    if done.refused:
        form.add_error(
            "words",
            _("These are too short or too long and were left out: %(words)s")
            % {"words": ", ".join(done.refused[:5]) + ("…" if len(done.refused) > 5 else "")},
        )
    return bool(done.refused)


@console_page
def remove_word(request: ConsoleRequest, word_id: int) -> HttpResponse:
    """Allow a word again, after a question."""
    word = get_object_or_404(ForbiddenWord, pk=word_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Remove the word %(word)s?") % {"word": word.word},
            text=_("Texts that hold it are accepted from now on."),
            button=_("Remove"),
            back=reverse("carriers:console_words"),
        )
    words.allow_words(ids=[word_id], by=request.user)
    messages.success(request, gettext("The word was removed."))
    return redirect("carriers:console_words")
