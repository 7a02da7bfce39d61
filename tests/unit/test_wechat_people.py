"""The candidates' side of the stand-ins: what they may do, and what is pushed for it."""

from collections.abc import Callable, Mapping

import pytest

from tests.helpers import ROOT
from tests.wechat_media import silent_mp3
from tests.wechat_people import Candidate, Member, Person, Received
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_push import Push
from tests.wechat_wire import Fields, parse

FIXTURES = ROOT / "tests" / "fixtures"


class QuietWeChat(WeChatPlatform):
    """An account whose pushes are only kept."""

    def push(self, person: Person, fields: Fields) -> Push:
        self.pushes.append(Push(person, dict(fields)))
        return self.pushes[-1]


class QuietWeCom(WeComPlatform):
    """An application whose pushes are only kept."""

    def push(self, person: Person, fields: Fields) -> Push:
        self.pushes.append(Push(person, dict(fields)))
        return self.pushes[-1]


SAID = "我做过三年后端开发"
PAGE = "https://careers.example.test/"

ACTS: Mapping[str, Callable[[Candidate], Push]] = {
    "unsubscribe": lambda person: person.unfollow(),
    "scan": lambda person: person.scan("invite-0001"),
    "click": lambda person: person.click("START"),
    "view": lambda person: person.view(PAGE),
    "location-event": lambda person: person.locate(),
    "templatesendjobfinish": lambda person: person.template_done(),
    "text": lambda person: person.say(SAID),
    "text-odd": lambda person: person.say("a ]]> b <xml>&amp; 😀\n第二行"),
    "voice": lambda person: person.voice(),
    "image": lambda person: person.image(),
    "video": lambda person: person.video(),
    "shortvideo": lambda person: person.shortvideo(),
    "location": lambda person: person.location(),
    "link": lambda person: person.link(),
}
FIRST_ACTS: Mapping[str, Callable[[Candidate], Push]] = {
    "subscribe": lambda person: person.follow(),
    "subscribe-scene": lambda person: person.scan("invite-0001"),
}
MEMBERS_ACTS: Mapping[str, Callable[[Member], Push]] = {
    "subscribe": lambda person: person.follow(),
    "unsubscribe": lambda person: person.unfollow(),
    "enter_agent": lambda person: person.enter(),
    "click": lambda person: person.click("START"),
    "view": lambda person: person.view(PAGE),
    "location-event": lambda person: person.locate(),
    "text": lambda person: person.say(SAID),
    "voice": lambda person: person.voice(),
    "image": lambda person: person.image(),
    "video": lambda person: person.video(),
    "location": lambda person: person.location(),
    "link": lambda person: person.link(),
}


@pytest.mark.parametrize("name", [*ACTS, *FIRST_ACTS])
def test_what_wechat_pushes(name: str) -> None:
    platform = QuietWeChat()
    platform.account, platform.now = "gh_invented00001", lambda: 1_700_000_000.0
    person = platform.candidate(following=name in ACTS)
    person.openid = "oInventedOpenid_000000000001"
    push = (ACTS.get(name) or FIRST_ACTS[name])(person)
    assert f"{push.xml}\n" == (FIXTURES / "wechat" / f"{name}.xml").read_text("utf-8")
    assert parse(push.xml) == {field: str(value) for field, value in push.fields.items()}


@pytest.mark.parametrize("name", MEMBERS_ACTS)
def test_what_wecom_pushes(name: str) -> None:
    platform = QuietWeCom(corpid="wwinvented00000001")
    platform.now = lambda: 1_700_000_000.0
    push = MEMBERS_ACTS[name](platform.candidate("InventedMember01"))
    assert f"{push.xml}\n" == (FIXTURES / "wecom" / f"{name}.xml").read_text("utf-8")
    assert push.fields["AgentID"] == 1000002


def test_every_example_of_a_push_is_made_by_someone() -> None:
    names = {"wechat": {*ACTS, *FIRST_ACTS}, "wecom": set(MEMBERS_ACTS)}
    for folder, wanted in names.items():
        assert {path.stem for path in (FIXTURES / folder).iterdir()} == wanted


def test_only_who_follows_can_write() -> None:
    person = QuietWeChat().candidate()
    acts: list[Callable[[Candidate], Push]] = [ACTS["text"], ACTS["click"], ACTS["voice"]]
    for act in acts:
        with pytest.raises(AssertionError, match="only who follows"):
            act(person)
    person.follow()
    assert person.say("你好").number
    person.unfollow()
    with pytest.raises(AssertionError):
        person.say("你好")


def test_what_an_action_allows() -> None:
    person = QuietWeChat().candidate()
    person.follow("invite")
    assert person.allowance.left == 3
    person.view(PAGE)
    person.locate()
    person.template_done()
    assert person.allowance.left == 3, "none of these allow a message"
    person.click("START")
    person.scan("invite")
    assert person.allowance.left == 9
    person.say("你好")
    person.image()
    assert person.allowance.left == 14
    person.unfollow()
    assert person.allowance.left == 0


def test_what_is_sent_can_be_fetched() -> None:
    platform = QuietWeChat()
    person = platform.candidate(following=True)
    voice = person.voice(silent_mp3(3), "mp3").fields
    for name in ("MediaId", "MediaId16K"):
        media = platform.media.get(voice[name])
        assert media and (media.data, media.content_type) == (silent_mp3(3), "audio/mp3")
    assert voice["Recognition"] == ""
    assert platform.media.get(person.image().fields["MediaId"])
    assert platform.media.get(person.video().fields["ThumbMediaId"])


def test_a_line_of_a_messages_menu_is_sent_as_words() -> None:
    person = QuietWeChat().candidate(following=True)
    with pytest.raises(AssertionError, match="no line 可以"):
        person.choose("可以")
    person.receive(Received("msgmenu", "可以\n不可以", "custom", choices={"可以": "1"}))
    fields = person.choose("可以").fields
    assert (fields["Content"], fields["bizmsgmenuid"]) == ("可以", "1")


def test_who_left_sees_nothing() -> None:
    person = QuietWeChat().candidate()
    person.receive(Received("text", "你好", "custom"))
    person.fail("故障")
    assert (person.history, person.failures) == ([], [])


async def test_waiting_for_messages() -> None:
    person = QuietWeChat().candidate(following=True)
    await person.no_message(0.01)
    person.receive(Received("text", "你好", "custom"))
    with pytest.raises(AssertionError, match="unexpected message: 你好"):
        await person.no_message(1)
    with pytest.raises(TimeoutError):
        await person.next_message(0.01)
