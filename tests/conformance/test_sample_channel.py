"""The channel of docs/channels.md, plugged in and tried."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest

from bot.channels.errors import (
    HeldError,
    PermanentSendError,
    RetryableSendError,
    SendError,
    UnreachableError,
)
from bot.channels.testing import ChannelConformance, Feature
from bot.channels.testing_rig import Refused, Stored
from dialogues.events import Reply
from dialogues.guide import Language
from tests.conformance.gateway import GatewayStandIn, User
from tests.conformance.runs import InAHome, Served
from tests.conformance.sample_channel import Gateway


class Someone(User):
    """A person, and what is kept of them."""

    def __init__(self, served: Served, gateway: GatewayStandIn, language: Language) -> None:
        super().__init__(gateway, language)
        self.served = served

    def stored(self) -> Sequence[Stored]:
        return self.served.stored("gateway", self.address)


class GatewayRig:
    """One gateway."""

    def __init__(self, gateway: GatewayStandIn, served: Served) -> None:
        self.gateway, self.served = gateway, served
        self.capabilities = served.capabilities("gateway")

    def person(self, language: Language) -> Someone:
        return Someone(self.served, self.gateway, language)

    @asynccontextmanager
    async def outage(self, after: int = 0) -> AsyncIterator[Refused]:
        async def refused() -> None:
            await self.gateway.refused.wait()

        self.gateway.refused.clear()
        self.gateway.lets_through = after
        yield refused
        self.gateway.lets_through = None

    async def restart(self) -> None:
        await self.served.restart()

    async def listen(self) -> None:
        raise NotImplementedError


class TestSampleChannel(InAHome, ChannelConformance):
    """The sample, with nearly everything that a platform can have."""

    lacks: Mapping[Feature, str] = {"edits": "the gateway tells of no changes"}

    @asynccontextmanager
    async def rig(self) -> AsyncIterator[GatewayRig]:
        async with GatewayStandIn().running() as gateway:

            async def ready(url: str) -> None:
                gateway.webhook = f"{url}/webhooks/gateway"

            channel = Gateway(gateway.url, gateway.secret)
            more = [lambda settings, database, master: channel]
            async with Served(self.home, more_channels=more, ready=ready) as served:
                yield GatewayRig(gateway, served)

    async def test_only_the_gateway_is_heard(self) -> None:
        async with self.rig() as rig:
            someone = rig.person("zh")
            message = {"id": "1", "person": someone.address, "text": "你好"}
            async with httpx2.AsyncClient() as client:
                for secret, status in (("", 403), ("Bearer wrong", 403)):
                    headers = {"Authorization": secret}
                    answer = await client.post(rig.gateway.webhook, json=message, headers=headers)
                    assert answer.status_code == status
            for body in (b"", b"[]", b'{"id": ""}', b"\xff"):
                answer = await rig.gateway.http.post(rig.gateway.webhook, content=body)
                assert answer.status_code == 422


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, PermanentSendError),
        (401, RetryableSendError),
        (403, HeldError),
        (404, UnreachableError),
        (429, RetryableSendError),
        (500, RetryableSendError),
    ],
)
async def test_errors_are_told_apart_by_recovery(status: int, error: type[SendError]) -> None:
    async with GatewayStandIn().running() as gateway:
        someone = User(gateway, "zh")
        channel = Gateway(gateway.url, gateway.secret)
        gateway.statuses = [(200, {}), (status, {"Retry-After": "7"})]
        async with channel.running(None):  # type: ignore[arg-type]
            with pytest.raises(error) as raised:
                await channel.send(someone.address, [Reply(kind="text", text="一句话。" * 400)])
        if isinstance(raised.value, RetryableSendError):
            assert (raised.value.after, raised.value.parts) == (7.0, 1)
