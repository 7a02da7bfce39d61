"""Files from and to WeChat and WeCom, over the real client."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.wechat.api import Api, ApiError
from bot.channels.wechat.channel import WeChatChannel
from tests.wechat_media import silent_amr, silent_mp3
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_runs import connected

Platform = WeChatPlatform | WeComPlatform


@pytest.fixture(params=["wechat", "wecom"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    made: Platform = WeChatPlatform() if request.param == "wechat" else WeComPlatform()
    async with made.running() as one:
        yield one


@pytest.fixture
async def api(platform: Platform, home: Path) -> AsyncIterator[Api]:
    async with connected(platform, home) as application:
        (channel,) = application.channels.values()
        assert isinstance(channel, WeChatChannel)
        yield channel.api


async def test_what_a_candidate_sent_is_fetched(platform: Platform, api: Api) -> None:
    media = platform.media.add("voice", silent_amr(2), "amr")
    platform.expire_tokens()
    fetched = await api.download(media.id)
    assert fetched.data == silent_amr(2)
    assert "amr" in fetched.content_type
    with pytest.raises(ApiError, match="40007"):
        await api.download("no-such-media")


async def test_a_recording_is_uploaded_also_with_a_stale_token(
    platform: Platform, api: Api
) -> None:
    platform.expire_tokens()
    media_id = await api.upload_voice(silent_amr(3), 3.0)
    assert (await api.download(media_id)).data == silent_amr(3)


async def test_formats_and_sizes_are_the_platforms(platform: Platform, api: Api) -> None:
    if isinstance(platform, WeChatPlatform):
        assert await api.upload_voice(silent_mp3(2), 2.0)
    else:
        with pytest.raises(ValueError, match="amr"):
            await api.upload_voice(silent_mp3(2), 2.0)
    for data in (b"", b"OggS", b"RIFF"):
        with pytest.raises(ValueError, match="amr"):
            await api.upload_voice(data, 1.0)
    with pytest.raises(ValueError, match="2000000 bytes"):
        await api.upload_voice(b"#!AMR\n" + bytes(2_000_000), 60.0)


async def test_a_code_for_scanning_is_made(platform: Platform, api: Api) -> None:
    if isinstance(platform, WeComPlatform):
        pytest.skip("WeCom has no codes with a parameter")
    assert (await api.qr_link("CODE", 60)).startswith("http")
    with pytest.raises(ApiError):
        await api.qr_link("x" * 65)
