"""Channels to the carriers, whose number is whose, and whom and what never to send."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Value
from django.db.models.functions import Now, Upper

from yunxin.accounts.models import Enterprise, User
from yunxin.carriers.number_models import (
    NumberImport,
    NumberPlace,
    PlaceTable,
    PortedNews,
    PortedNumber,
    PortingLearning,
    PortingRule,
    RefusedNumber,
)
from yunxin.vocabulary import (
    BindMode,
    BlockReason,
    BreakerState,
    CarrierName,
    ChannelWish,
    CodeGroup,
    IdRule,
    LinkState,
    PhoneCondition,
    TryOutcome,
    WireAlphabet,
)

__all__ = [
    "BlockedNumber",
    "CarrierCode",
    "Channel",
    "ChannelState",
    "CodeDelta",
    "DailyCode",
    "EngineInstance",
    "ForbiddenWord",
    "NumberImport",
    "NumberPlace",
    "NumberPrefix",
    "PlaceTable",
    "PortedNews",
    "PortedNumber",
    "PortingLearning",
    "PortingRule",
    "RefusedNumber",
]


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]


class Channel(models.Model):
    """One connection account at a carrier gateway (通道). Writer: carriers."""

    name = models.CharField(max_length=40, unique=True)
    protocol = models.CharField(max_length=8, default="smpp")
    host = models.CharField(max_length=200)
    port = models.PositiveIntegerField()
    system_id = models.CharField(max_length=16)  # SMPP takes 15 of them, CMPP 6, SMGP 8
    # Encrypted with the deployment's secret key (carriers.channels.seal); never shown again.
    password_sealed = models.TextField(blank=True)
    system_type = models.CharField(max_length=12, blank=True)
    bind_mode = models.CharField(
        max_length=12, choices=_choices(BindMode), default=BindMode.TRANSCEIVER
    )
    sessions = models.PositiveSmallIntegerField(default=1)
    window = models.PositiveIntegerField(default=100)  # unanswered submits per session
    rate_per_s = models.PositiveIntegerField(default=500)  # segments per second; 0: no limit
    access_number = models.CharField(max_length=20)
    # Carriers served, as in vocabulary.CarrierName; empty: all.
    carriers = models.JSONField(default=list, blank=True)
    # Provinces served, as in vocabulary.Province; empty: all, and numbers from nobody knows where.
    provinces = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    # Traffic classes served, as in vocabulary.TrafficClass; empty: all.
    traffics = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    # Hours of the day in Asia/Shanghai; without them always.
    open_from = models.TimeField(null=True, blank=True)
    open_to = models.TimeField(null=True, blank=True)
    # Enterprises that it is dedicated to: theirs go by it first, others' never. None: everybody's.
    enterprises = models.ManyToManyField(Enterprise, blank=True, related_name="+")
    weight = models.PositiveSmallIntegerField(default=1)
    id_rule = models.CharField(max_length=20, choices=_choices(IdRule), default=IdRule.AS_IS)
    alphabet = models.CharField(
        max_length=16, choices=_choices(WireAlphabet), default=WireAlphabet.UCS2
    )
    source_ton = models.PositiveSmallIntegerField(default=0)
    source_npi = models.PositiveSmallIntegerField(default=1)
    dest_ton = models.PositiveSmallIntegerField(default=1)
    dest_npi = models.PositiveSmallIntegerField(default=1)
    dest_prefix = models.CharField(max_length=6, default="86", blank=True)
    enquire_every_s = models.PositiveIntegerField(default=30)
    answer_timeout_s = models.PositiveIntegerField(default=30)
    # What only its protocol knows: names, defaults and bounds are in `yunxin/channel_options`.
    options = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    wish = models.CharField(max_length=8, choices=_choices(ChannelWish), default=ChannelWish.STOP)
    # Grows with every change that asks for a new connection.
    version = models.PositiveIntegerField(default=1)
    # Since when it should run and has no line, and whether operators were told (`alerts`).
    down_since = models.DateTimeField(null=True)
    down_told = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class ChannelState(models.Model):
    """What an engine says of a channel right now. Writer: engine."""

    pk = models.CompositePrimaryKey("channel_id", "engine_id")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="states", db_constraint=False)
    engine_id = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=_choices(LinkState))
    breaker = models.CharField(
        max_length=10, choices=_choices(BreakerState), db_default=BreakerState.CLOSED
    )
    sessions_bound = models.IntegerField(default=0)
    window_used = models.IntegerField(default=0)
    window_size = models.IntegerField(default=0)
    submitted_per_s = models.FloatField(default=0)
    allowed_per_s = models.FloatField(default=0)  # after the carrier's throttling
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)
    bound_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "channel_state"

    def __str__(self) -> str:
        return f"{self.channel_id} {self.state}"


class ChannelTry(models.Model):
    """Somebody wants to know whether a channel can log in (engine/tries), and what came of it.

    Two writers, by column: carriers makes the row; the engine sets `taken_at` and, when it has
    tried, everything that follows it.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="tries")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sessions_bound = models.PositiveIntegerField(default=0)  # of the channel at that moment
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=16, choices=_choices(TryOutcome), default=TryOutcome.WAITING, blank=True
    )
    status = models.CharField(max_length=40, blank=True)  # the protocol's name of a refusal
    detail = models.CharField(max_length=300, blank=True)
    connect_ms = models.IntegerField(null=True)
    login_ms = models.IntegerField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=("id",), condition=models.Q(taken_at__isnull=True), name="try_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.outcome}"


class NumberPrefix(models.Model):
    """Three or four leading digits and their carrier. Writer: carriers."""

    prefix = models.CharField(max_length=4, primary_key=True)
    carrier = models.CharField(max_length=12, choices=_choices(CarrierName))

    class Meta:
        ordering = ("prefix",)

    def __str__(self) -> str:
        return self.prefix


class BlockedNumber(models.Model):
    """A phone that must not be sent to: by anybody (no enterprise), or by one enterprise.

    Writers: carriers (operators' entries) and engine/inbound (a reply that unsubscribes).
    """

    # 0 stands for "everybody's", so that one unique index serves both lists.
    enterprise_id = models.BigIntegerField(default=0)
    phone = models.CharField(max_length=11)
    reason = models.CharField(
        max_length=16, choices=_choices(BlockReason), default=BlockReason.OPERATOR
    )
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=("phone", "enterprise_id"), name="blocked_once"),
        ]
        indexes = [models.Index(fields=("enterprise_id", "-id"), name="blocked_of_enterprise")]

    def __str__(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]}"


class PhoneNews(models.Model):
    """What a carrier told of a phone's account (SGIP's user report). Writer: engine/inbound.

    It blocks nothing. News of a phone that is in order again is taken away.
    """

    phone = models.CharField(max_length=20, primary_key=True)
    condition = models.CharField(max_length=10, choices=_choices(PhoneCondition))
    channel_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "phone_news"
        indexes = [models.Index(fields=("at",), name="phone_news_at")]

    def __str__(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]} {self.condition}"


class ForbiddenWord(models.Model):
    """A word that no text may contain. Writer: carriers."""

    word = models.CharField(max_length=60)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(Upper("word"), name="forbidden_word_once")]

    def __str__(self) -> str:
        return self.word


class CarrierCode(models.Model):
    """What a carrier's code of a receipt or a refusal means. Writer: carriers.

    `text.codes` says how a code finds its row.
    """

    # One of `text.codes.PROTOCOLS`; empty: every protocol.
    protocol = models.CharField(max_length=8, blank=True)
    code = models.CharField(max_length=40)
    group = models.CharField(max_length=16, choices=_choices(CodeGroup))
    # Whether sending to the same phone again soon would not help.
    is_permanent = models.BooleanField(default=True)
    meaning_en = models.CharField(max_length=200)
    meaning_zh = models.CharField(max_length=200)
    # As it was shipped. Where it differs, or was never shipped, the engine follows `is_permanent`
    # instead of the protocol's own table when a submit is refused so.
    was_permanent = models.BooleanField(null=True)
    # Who wrote it; nobody: as it was shipped.
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("protocol", "code")
        constraints = [
            models.UniqueConstraint(fields=("protocol", "code"), name="carrier_code_once"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} {self.code}".strip()

    @property
    def decides(self) -> bool:
        """Whether the engine follows it instead of the protocol's own table."""
        return self.is_permanent != self.was_permanent


class CodeDelta(models.Model):
    """Codes that came and are not counted yet. Writer: engine; `settle` takes them away."""

    channel_id = models.BigIntegerField()
    code = models.TextField()
    messages = models.BigIntegerField()

    class Meta:
        db_table = "code_delta"

    def __str__(self) -> str:
        return self.code


class DailyCode(models.Model):
    """How often a channel's carrier said a code on a day (of Shanghai). Writer: engine/settle.

    Final words other than delivered, and refusals after which a message was tried again.
    """

    pk = models.CompositePrimaryKey("day", "channel_id", "code")
    day = models.DateField()
    channel_id = models.BigIntegerField()  # 0: none had it yet
    code = models.TextField()
    messages = models.BigIntegerField()

    class Meta:
        db_table = "daily_code"

    def __str__(self) -> str:
        return f"{self.day} {self.code}"


class EngineInstance(models.Model):
    """A running engine, or API process: its id, and that it is alive. Writer: engine.

    An engine also holds the session advisory lock (ENGINE_LOCK, id): who can take the lock of
    another knows that it is gone, however it went.
    """

    id = models.BigIntegerField(primary_key=True)
    node = models.PositiveSmallIntegerField(unique=True)  # 0–1023: the node bits of its message ids
    host = models.CharField(max_length=100)
    pid = models.IntegerField()
    version = models.CharField(max_length=20)
    role = models.CharField(max_length=8, default="engine", db_default="engine")  # or "api"
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    class Meta:
        db_table = "engine_instance"

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
