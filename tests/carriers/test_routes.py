"""The dry run: the same answer as the dispatcher's, with the reason for every channel."""

from datetime import time

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from yunxin.carriers.models import Channel, ChannelState, NumberPlace, PhoneNews, PortedNumber
from yunxin.carriers.routes import Question, find_routes, find_whose
from yunxin.vocabulary import CarrierName, LinkState, TrafficClass

pytestmark = pytest.mark.django_db

NOON = time(12)


def channel(name: str, *, state: str = "bound", enterprises=(), **values) -> Channel:
    made = Channel.objects.create(
        name=name, host="127.0.0.1", port=1, system_id="yx", access_number="1069", wish="run",
        **values,
    )  # fmt: skip
    made.enterprises.set(enterprises)
    ChannelState.objects.create(channel=made, engine_id=1, state=state, at=timezone.now())
    return made


def ask(enterprise_id: int = 0, *, at: time = NOON, traffic: str = "notice"):
    question = Question(CarrierName.MOBILE, TrafficClass(traffic), enterprise_id)
    with translation.override("en"):
        return {
            route.channel.name: (route.place, route.share_percent, str(route.why))
            for route in find_routes(question, at)
        }


def test_every_channel_has_its_place_or_a_reason(acme):
    channel("heavy", weight=3, carriers=["mobile"])
    channel("light")
    channel("reserve", weight=0)
    channel("acmes", enterprises=[acme])
    channel("unicoms", carriers=["unicom"])
    channel("codes", traffics=["verification"])
    channel("nights", open_from=time(22), open_to=time(6))
    channel("away", state=LinkState.DOWN)
    channel("idle", state=LinkState.IDLE, weight=1, open_from=time(22), open_to=time(6))
    strangers = ask()
    assert [name for name, (place, *_) in strangers.items() if place] == [
        "heavy",
        "light",
        "reserve",
    ]
    assert strangers["heavy"] == (1, 75, "Serves it")
    assert strangers["light"][:2] == (1, 25)
    assert strangers["reserve"][:2] == (2, None)
    assert {name: why for name, (place, _, why) in strangers.items() if not place} == {
        "acmes": "Dedicated to other enterprises", "unicoms": "Does not serve this carrier",
        "codes": "Does not serve this traffic class", "nights": "Rests at this time of day",
        "away": "Not connected", "idle": "Rests at this time of day",
    }  # fmt: skip
    own = ask(acme.pk)
    assert [own[name][0] for name in ("acmes", "heavy", "light", "reserve")] == [1, 2, 2, 3]
    assert ask(at=time(23))["nights"][0] == ask(at=time(23))["idle"][0] == 1
    assert ask(traffic="verification")["codes"][0] == 1


def test_the_province_decides_and_its_absence_is_said():
    channel("south", provinces=["hainan", "guangdong"])
    channel("whole")

    def routes(province: str):
        question = Question(CarrierName.MOBILE, TrafficClass.NOTICE, 0, province)
        with translation.override("en"):
            found = find_routes(question, NOON)
            return [(route.channel.name, route.place, str(route.why)) for route in found]

    assert routes("hainan") == [
        ("south", 1, "For this province, before those for all"),
        ("whole", 2, "Serves it"),
    ]
    assert routes("gansu")[1] == ("south", None, "Does not serve this province")
    unknown = "Serves certain provinces; this number's is not known"
    assert routes("")[1] == ("south", None, unknown)


def test_whose_a_number_is_says_by_what():
    assert find_whose("13800000001").digits == "138"
    NumberPlace.objects.create(head="1380000", province="hainan", city="Haikou", carrier="telecom")
    whose = find_whose("13800000001")
    assert (whose.carrier, whose.digits) == (CarrierName.TELECOM, "1380000")
    assert (whose.province, whose.city) == ("hainan", "Haikou")
    PortedNumber.objects.create(phone="13800000001", carrier="unicom")
    whose = find_whose("13800000001")
    assert (whose.carrier, whose.is_ported) == (CarrierName.UNICOM, True)


def test_the_page_answers_and_refuses_what_is_no_number(client, operator):
    client.force_login(operator)
    page = reverse("carriers:console_routes")
    assert client.get(page).status_code == 200
    asked = {"phone": "138 0000 0001", "traffic": "notice"}
    assert client.get(page, asked).status_code == 200
    channel("first")
    answer = client.get(page, asked).content.decode()
    assert "first" in answer
    assert "13800000001" in answer
    assert "归属地未知" in answer
    NumberPlace.objects.create(head="1380000", province="hainan", city="海口")
    assert "归属地：海南海口。" in client.get(page, asked).content.decode()
    assert client.get(page, asked | {"phone": "12345"}).status_code == 422


def test_what_its_carrier_told_of_a_phone_is_shown(client, operator):
    client.force_login(operator)
    page, asked = reverse("carriers:console_routes"), {"phone": "13800000001", "traffic": "notice"}
    assert "销户" not in client.get(page, asked).content.decode()
    PhoneNews.objects.create(
        phone="13800000001", condition="cancelled", channel_id=1, at=timezone.now()
    )
    assert "该号码已销户" in client.get(page, asked).content.decode()
    assert "销户" not in client.get(page, asked | {"phone": "13800000002"}).content.decode()


def test_an_enterprise_may_not_see_it(client, acme):
    client.force_login(acme.users.get())
    assert client.get(reverse("carriers:console_routes")).status_code == 403
