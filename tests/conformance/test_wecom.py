"""A WeCom application."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from bot.channels.testing import ChannelConformance, Feature
from tests.conformance.runs import InAHome
from tests.conformance.test_wechat import LACKS
from tests.conformance.wechat import WeChatRig, WeCom, wechat_rig


class TestWeCom(InAHome, ChannelConformance):
    """Always with AES."""

    lacks: Mapping[Feature, str] = {
        **LACKS,
        "leaving": "members of a company cannot block its application",
    }
    answers_repeats = True

    def rig(self) -> AbstractAsyncContextManager[WeChatRig]:
        return wechat_rig(WeCom(), self.home)
