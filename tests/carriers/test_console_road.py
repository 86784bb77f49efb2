"""From an empty console to a line that sends: a CMPP channel made, tested and started by its pages.

A real engine on the same database, and a simulated carrier that speaks CMPP.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse

from tests.engine.sending import carrier, until
from tests.factories import make_user
from yunxin.carriers.models import Channel, ChannelTry
from yunxin.config import Config
from yunxin.engine.service import Engine
from yunxin.simulator.carrier import Account
from yunxin.simulator.gateways.cmpp import CmppGateway

CODE = "106900"


class Operator:
    """An operator's browser, in a thread of its own as the engine has the loop."""

    def __init__(self) -> None:
        self._client = Client()

    async def do(self, work: Callable[[Client], Any]) -> Any:
        def and_let_go() -> Any:
            try:
                return work(self._client)
            finally:
                connections.close_all()

        return await asyncio.to_thread(and_let_go)

    async def get(self, url: str) -> str:
        return str(await self.do(lambda client: client.get(url).content.decode()))

    async def post(self, url: str, **fields: str) -> str:
        """Send a form; where it leads."""
        answer = await self.do(lambda client: client.post(url, fields))
        assert answer.status_code == 302, answer.content.decode()
        return str(answer.url)


async def seen(operator: Operator, url: str, words: str) -> str:
    """Look at a page until it says something."""
    async with asyncio.timeout(60):
        while words not in (page := await operator.get(url)):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)
    return page


@pytest.mark.usefixtures("committed")
async def test_a_cmpp_channel_is_made_tested_started_and_drained(database: str) -> None:
    operator = Operator()
    user = await operator.do(lambda _: make_user(None, "operator"))
    await operator.do(lambda client: client.force_login(user))
    config = Config(database_url=database, secret_key=settings.SECRET_KEY)
    async with (
        carrier(doors={CmppGateway(): 0}, accounts=(Account(CODE, "shared secret"),)) as smsc,
        Engine(config),
    ):
        new = reverse("carriers:console_new_account", args=["cmpp"])
        page = await operator.get(new)
        assert "3.0" in page
        result = await operator.post(
            new, name="演示移动", host="127.0.0.1", port=str(smsc.ports["cmpp"]), system_id=CODE,
            password="wrong", access_number="1069", version="3.0", fee_user_type="2",
            fee_type="01", fee_code="000000", attempts="3", sessions="2", window="16",
            rate_per_s="0", weight="1", alphabet="ucs2", enquire_every_s="180",
            answer_timeout_s="60", then="try",
        )  # fmt: skip
        await seen(operator, result, "AUTHENTICATION")
        channel = await operator.do(lambda _: Channel.objects.get())
        edit = reverse("carriers:console_edit_channel", args=[channel.pk])
        shown = await operator.do(lambda client: client.get(edit).context["form"])
        values = {name: shown[name].value() for name in shown.fields}
        typed = {
            name: str(v)
            for name, v in values.items()
            if isinstance(v, (str, int)) and v is not False
        }
        result = await operator.post(edit, **(typed | {"password": "shared secret", "then": "try"}))
        await seen(operator, result, "登录成功")
        tried = await operator.do(lambda _: ChannelTry.objects.first())
        assert tried.connect_ms >= 0 and tried.login_ms >= 0
        assert smsc.counts()["sessions"] == 0, "it is not started, only tested"

        at = reverse("carriers:console_channel", args=[channel.pk])
        assert await operator.post(f"{at}start/") == at
        await until(lambda: smsc.counts()["sessions"] == 2)
        await seen(operator, at, "已连接")
        assert await operator.post(f"{at}drain/") == at
        await seen(operator, at, "已排空")
        assert smsc.counts()["sessions"] == 0
