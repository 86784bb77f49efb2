"""Where a number would go right now, and why: the dispatcher's own function, asked beforehand.

What the engine alone knows (how much each line carried a moment ago) decides only among channels
of one place; here their weights tell how they share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db.models import Prefetch

from yunxin.accounts.models import Enterprise
from yunxin.carriers import labels, numbers, places, ported
from yunxin.carriers.channels import Live, read_live
from yunxin.carriers.models import Channel, PhoneNews
from yunxin.routing import Line, Obstacle, candidates, is_open, rank
from yunxin.text import phones
from yunxin.vocabulary import BreakerState, CarrierName, Province, TrafficClass

NO_ENTERPRISE = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A message that somebody might send."""

    carrier: CarrierName
    traffic: TrafficClass
    enterprise_id: int
    province: str = ""  # empty: nobody knows


@dataclass(frozen=True, slots=True)
class Route:
    """One channel and its part in the answer.

    Args:
        place: 1 goes first; None: it is not used, and `why` says what stands in the way.
        share_percent: of the messages of its place; None where it has the place for itself.
    """

    channel: Channel
    live: Live
    why: Any
    place: int | None = None
    share_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """A number's carrier and what says so: `digits` of its range, or the table of ported ones.

    Args:
        province: where it is from; None: the table of places does not know.
        city: the same more closely, if the table says so.
    """

    phone: str
    carrier: CarrierName
    is_ported: bool
    digits: str
    province: Province | None = None
    city: str = ""


def find_whose(phone: str) -> Whose:
    """Whose number it is, and by what.

    Args:
        phone: 11 digits.
    """
    place = places.find_place(phone)
    where = (Province(place.province), place.city) if place else (None, "")
    found = ported.find_ported(phone)
    if found is not None:
        return Whose(phone, found, True, "", *where)
    if place and place.carrier:
        return Whose(phone, CarrierName(place.carrier), False, place.head, *where)
    table = numbers.read_table()
    digits = next((phone[:n] for n in (4, 3) if phone[:n] in table), "")
    return Whose(phone, phones.carrier_of(phone, table), False, digits, *where)


def find_news(phone: str) -> PhoneNews | None:
    """What its carrier told of a phone's account, where that is not in order."""
    return PhoneNews.objects.filter(pk=phone).first()


def find_routes(question: Question, clock: time) -> list[Route]:
    """All channels: those that would carry it in their order, then the others with the reason.

    Args:
        clock: the time of day in Asia/Shanghai.
    """
    chosen = Enterprise.objects.only("pk")
    channels = list(Channel.objects.prefetch_related(Prefetch("enterprises", chosen)))
    live = read_live(channels)
    by_id = {channel.pk: channel for channel in channels}
    lines = {channel.pk: line_of(channel, clock, live[channel.pk]) for channel in channels}
    bound = [lines[pk] for pk in lines if live[pk].is_ready]
    best = candidates(question, bound)
    ranks = sorted({rank(question, line) for line in best})
    routes = []
    for line in best:
        mine = rank(question, line)
        beside = [other for other in best if rank(question, other) == mine]
        routes.append(
            Route(
                by_id[line.channel_id],
                live[line.channel_id],
                _why(question, line),
                ranks.index(mine) + 1,
                _share(line, beside),
            )
        )
    used = {line.channel_id for line in best}
    for pk, channel in by_id.items():
        if pk not in used:
            routes.append(Route(channel, live[pk], _obstacle(question, lines[pk], live[pk])))
    return routes


def line_of(channel: Channel, clock: time, live: Live) -> Line:
    """A channel as `routing` sees it at this time of day in Asia/Shanghai."""
    return Line(
        channel.pk,
        carriers=frozenset(channel.carriers),
        provinces=frozenset(channel.provinces),
        weight=channel.weight,
        traffics=frozenset(channel.traffics),
        enterprises=frozenset(enterprise.pk for enterprise in channel.enterprises.all()),
        open=is_open(channel.open_from, channel.open_to, clock),
        broken=live.breaker == BreakerState.OPEN,
    )


def _share(line: Line, beside: Sequence[Line]) -> int | None:
    total = sum(other.weight for other in beside)
    return round(100 * line.weight / total) if len(beside) > 1 and total else None


def _why(question: Question, line: Line) -> Any:
    if not line.weight:
        return labels.REASONS["reserve"]
    if question.enterprise_id in line.enterprises:
        return labels.REASONS["own"]
    return labels.REASONS["province" if line.provinces else "serves"]


def _obstacle(question: Question, line: Line, live: Live) -> Any:
    obstacle = line.obstacle(question)
    if obstacle is None:
        return labels.LINK_STATES[live.state]
    if obstacle is Obstacle.PROVINCE and not question.province:
        return labels.REASONS["province_unknown"]
    return labels.OBSTACLES[obstacle]
