"""WeChat official accounts: in the open and with AES; answered in time, and sent later."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from unittest.mock import patch

from bot.channels.testing import ChannelConformance, Feature
from bot.channels.testing_guide import ANSWER
from bot.channels.testing_rig import eventually
from bot.storage import sending
from tests import wechat_rules as rules
from tests.conformance.runs import InAHome
from tests.conformance.wechat import WeChat, WeChatRig, too_late, wechat_rig
from tests.wechat_wire import new_aes_key

LACKS: Mapping[Feature, str] = {
    "language": "a push does not say which language people use",
    "controls": "XML cannot carry them",
    "edits": "what was sent stays; it can be taken back, which the account is not told",
}
GONE = "what answers a push cannot come back; TestSentLater tries it"


class TestPlain(InAHome, ChannelConformance):
    """Without an AES key; replies are answers to the pushes."""

    lacks: Mapping[Feature, str] = {**LACKS, "leaving": GONE}
    answers_repeats = True

    def rig(self) -> AbstractAsyncContextManager[WeChatRig]:
        return wechat_rig(WeChat(), self.home)


class TestAes(InAHome, ChannelConformance):
    """With an AES key; replies are answers to the pushes."""

    lacks: Mapping[Feature, str] = {**LACKS, "leaving": GONE}
    answers_repeats = True

    def rig(self) -> AbstractAsyncContextManager[WeChatRig]:
        return wechat_rig(WeChat(aes_key=new_aes_key()), self.home)


class TestSentLater(InAHome, ChannelConformance):
    """No reply is there in time, so all are customer-service messages."""

    lacks: Mapping[Feature, str] = LACKS

    @asynccontextmanager
    async def rig(self) -> AsyncIterator[WeChatRig]:
        with too_late():
            async with wechat_rig(WeChat(aes_key=new_aes_key()), self.home) as rig:
                yield rig

    async def test_a_text_longer_than_what_may_be_sent_goes_on_as_they_write(self) -> None:
        """A case's material may be longer than the messages that the platform lets us send."""
        fewer = (2, rules.MESSAGE_ALLOWANCE[1])
        with (
            patch.object(rules, "MESSAGE_ALLOWANCE", fewer),
            patch.object(sending, "MESSAGE_ALLOWANCE", 2),
        ):
            async with self.rig() as rig:
                talk = self.talk(rig)
                await talk.begin()
                for following in ("first", "sign"):
                    await talk.pick(1)
                    await talk.ask(following)
                await talk.person.say(ANSWER["zh"])
                await eventually(lambda: talk.stored.held > 0)
                await talk.person.say("好")
                await talk.ask("handbook")
