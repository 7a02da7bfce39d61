"""The stand-ins' pushes: signed, repeated, encrypted, and their answers checked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes import loopback_socket, served
from tests.wechat_people import Person
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_push import FAILURE, Pushing
from tests.wechat_wire import Sealer, new_aes_key, parse, render, signature

KINDS = ["plain", "encrypted", "company"]

Answer = Callable[[dict[str, Any]], Awaitable[str | Response]]


class Bot:
    """A webhook that opens what is pushed and answers as it is told."""

    def __init__(self, platform: Pushing) -> None:
        self.platform = platform
        self.got: list[dict[str, Any]] = []
        self.answer: Answer = self.nothing
        self.sealed = platform.aes_key is not None
        self.echo_more = ""
        self.token = platform.token

    @property
    def sealer(self) -> Sealer:
        assert self.platform.aes_key
        return Sealer(self.platform.aes_key, self.platform.receiver)

    async def nothing(self, fields: dict[str, Any]) -> str:
        return "success"

    async def hello(self, fields: dict[str, Any]) -> str:
        return self.reply(fields, f"收到：{fields.get('Content', fields.get('Event'))}")

    def reply(self, fields: dict[str, Any], text: str, **other: str | int) -> str:
        head = {"ToUserName": fields["FromUserName"], "FromUserName": fields["ToUserName"]}
        content = {"MsgType": "text", "Content": text}
        return self.seal(render({**head, "CreateTime": 1_700_000_000, **content, **other}))

    def seal(self, xml: str) -> str:
        if not self.sealed:
            return xml
        sealed, stamp, nonce = self.sealer.seal(xml), "1700000000", "77"
        sign = signature(self.platform.token, stamp, nonce, sealed)
        names = {"Encrypt": sealed, "MsgSignature": sign, "Nonce": nonce}
        return render({**names, "TimeStamp": int(stamp)})

    async def take(self, request: Request) -> Response:
        query = request.query_params
        fields = parse((await request.body()).decode()) if request.method == "POST" else {}
        if not self.signed(query, fields.get("Encrypt") or query.get("echostr", "")):
            return Response(status_code=403)
        if request.method == "GET":
            return PlainTextResponse(self.echo(query["echostr"]) + self.echo_more)
        assert request.headers["content-type"] == "text/xml"
        if self.sealed:
            fields = parse(self.sealer.open(fields["Encrypt"]))
        self.got.append(fields)
        answer = await self.answer(fields)
        return answer if isinstance(answer, Response) else PlainTextResponse(answer)

    def signed(self, query: Mapping[str, str], sealed: str) -> bool:
        parts = [self.token, query["timestamp"], query["nonce"]]
        good = {"signature": signature(*parts), "msg_signature": signature(*parts, sealed)}
        names = {"msg_signature"} & set(query)
        if self.platform.plain_signature:
            names.add("signature")
        return bool(names) and all(query.get(name) == good[name] for name in names)

    def echo(self, given: str) -> str:
        return given if self.platform.plain_signature else self.sealer.open(given)


@pytest.fixture(params=KINDS)
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[Bot]:
    platform: WeChatPlatform | WeComPlatform = WeComPlatform()
    if request.param != "company":
        key = new_aes_key() if request.param == "encrypted" else None
        platform = WeChatPlatform(aes_key=key)
    bot = Bot(platform)
    app = Starlette(routes=[Route("/hook", bot.take, methods=["GET", "POST"])])
    async with served(app) as url, platform.running():
        platform.webhook = f"{url}/hook?way=test"
        platform.patience = 10
        yield bot


@pytest.fixture
def person(bot: Bot) -> Person:
    platform = bot.platform
    if isinstance(platform, WeChatPlatform):
        return platform.candidate(following=True)
    assert isinstance(platform, WeComPlatform)
    return platform.candidate()


async def test_an_answer_is_shown(bot: Bot, person: Person) -> None:
    bot.answer = bot.hello
    push = await person.say("你好 ]]> <xml>").over()
    message = await person.next_message()
    assert (message.text, message.via) == ("收到：你好 ]]> <xml>", "passive")
    assert push.answer == message
    assert [attempt.status for attempt in push.attempts] == [200]
    assert push.attempts[0].seconds < 10
    assert bot.got[0]["MsgId"] == str(push.number)
    assert bot.got[0]["FromUserName"] == person.openid
    assert ("AgentID" in bot.got[0]) == isinstance(bot.platform, WeComPlatform)
    query = push.attempts[0].query
    assert ("msg_signature" in query, "signature" in query) == (
        bot.sealed,
        bot.platform.plain_signature,
    )


async def test_nothing_is_shown_where_nothing_is_answered(bot: Bot, person: Person) -> None:
    async def answer(fields: dict[str, Any]) -> str:
        return "" if fields["Content"] == "empty" else "success"

    bot.answer = answer
    for text in ("empty", "success"):
        push = await person.say(text).over()
        assert (push.answer, push.trouble) == (None, "")
    assert (person.history, person.failures) == ([], [])


async def test_a_push_is_repeated_until_it_is_taken(bot: Bot, person: Person) -> None:
    late, statuses = asyncio.Event(), iter([500, 0, 307])

    async def answer(fields: dict[str, Any]) -> str | Response:
        status = next(statuses, 200)
        if status == 0:
            await late.wait()
        elif status == 307:
            return RedirectResponse(bot.platform.webhook, 307)
        elif status != 200:
            return Response(status_code=status)
        return bot.reply(fields, "好")

    bot.answer = answer
    bot.platform.patience = 0.5
    push = await person.say("你好").over()
    late.set()
    assert [attempt.status for attempt in push.attempts] == [500, 0, 307, 200]
    assert push.attempts[1].seconds >= 0.5
    assert {fields["MsgId"] for fields in bot.got} == {str(push.number)}
    assert len({attempt.query["nonce"] for attempt in push.attempts}) == 4
    assert [message.text for message in person.history] == ["好"]
    assert person.failures == []


async def test_a_push_that_nobody_takes(bot: Bot, person: Person) -> None:
    async def answer(fields: dict[str, Any]) -> Response:
        return Response(status_code=503)

    bot.answer = answer
    push = await person.say("你好").over()
    assert len(push.attempts) == 4
    assert (person.failures, push.trouble) == ([FAILURE], "no answer")
    place = loopback_socket()
    bot.platform.webhook = f"http://127.0.0.1:{place.getsockname()[1]}/hook"
    push = await person.say("你好").over()
    place.close()
    assert [attempt.status for attempt in push.attempts] == [0] * 4


async def test_several_pushes_are_under_way_at_once(bot: Bot, person: Person) -> None:
    everyone = asyncio.Barrier(3)

    async def answer(fields: dict[str, Any]) -> str:
        await everyone.wait()
        return bot.reply(fields, fields["Content"])

    bot.answer = answer
    for text in ("一", "二", "三"):
        person.say(text)
    await bot.platform.settled()
    assert sorted(message.text for message in person.history) == sorted(["一", "二", "三"])
    assert all(len(push.attempts) == 1 for push in bot.platform.pushes)


async def test_a_push_is_given_once_more(bot: Bot, person: Person) -> None:
    first = await person.say("你好").over()
    again = await person.repeat(first).over()
    assert again.fields == first.fields
    assert bot.got[0] == bot.got[1]
    assert again.attempts[0].query["nonce"] != first.attempts[0].query["nonce"]


WRONG: dict[str, dict[str, str | int]] = {
    "ToUserName is not who wrote": {"ToUserName": "someone"},
    "FromUserName is not the account": {"FromUserName": "gh_other"},
    "CreateTime is not an integer": {"CreateTime": "1700000000.5"},
    "unknown MsgType dance": {"MsgType": "dance"},
    "no text": {"Content": ""},
    "more than 2048 bytes of text": {"Content": "字" * 683},
    "no Image": {"MsgType": "image"},
    "no Articles": {"MsgType": "news"},
}


async def test_a_wrong_answer_is_a_failure(bot: Bot, person: Person) -> None:
    async def answer(fields: dict[str, Any]) -> str:
        return bot.reply(fields, "好", **WRONG[fields["Content"]])

    bot.answer = answer
    for trouble in WRONG:
        push = await person.say(trouble).over()
        assert (push.trouble, len(push.attempts)) == (trouble, 1)
    assert (person.failures, person.history) == ([FAILURE] * len(WRONG), [])


async def test_an_answer_in_another_format_is_a_failure(bot: Bot, person: Person) -> None:
    bodies = ['"success"', '{"ok": true}', "<xml></xml>", "<xml><A>1</A><A>2</A></xml>", "ok"]

    async def answer(fields: dict[str, Any]) -> str | Response:
        if fields["Content"] == "GBK":
            return Response("<xml><A>好</A></xml>".encode("gbk"))
        return str(fields["Content"])

    bot.answer = answer
    for body in [*bodies, "GBK"]:
        push = await person.say(body).over()
        assert push.trouble and len(push.attempts) == 1
    assert (person.failures, person.history) == ([FAILURE] * 6, [])


async def test_encrypted_accounts_take_only_encrypted_answers(bot: Bot, person: Person) -> None:
    if bot.platform.aes_key is None:
        return
    other = Sealer(new_aes_key(), bot.platform.receiver)
    token = bot.platform.token

    def sealed(sealer: Sealer, token: str) -> Answer:
        async def answer(fields: dict[str, Any]) -> str:
            text = sealer.seal("<xml><A>1</A></xml>")
            sign = signature(token, "1", "2", text)
            return render({"Encrypt": text, "MsgSignature": sign, "TimeStamp": 1, "Nonce": "2"})

        return answer

    async def open_(fields: dict[str, Any]) -> str:
        head = {"ToUserName": person.openid, "FromUserName": bot.platform.account}
        return render({**head, "CreateTime": 1, "MsgType": "text", "Content": "好"})

    wanted = {"not encrypted": open_, "wrong MsgSignature": sealed(bot.sealer, "other")}
    wanted |= {"wrong padding": sealed(other, token)}
    for trouble, bot.answer in wanted.items():
        assert (await person.say("你好").over()).trouble.startswith(trouble)
    assert person.history == []


async def test_answers_of_other_kinds(bot: Bot, person: Person) -> None:
    platform = bot.platform
    media = platform.media.add("voice", b"#!AMR\n", "amr")
    article = "<item><Title>面谈说明</Title><Url>https://careers.example.test/</Url></item>"
    kinds = {
        "voice": f"<Voice><MediaId>{media.id}</MediaId></Voice>",
        "news": f"<ArticleCount>1</ArticleCount><Articles>{article}</Articles>",
        "transfer_customer_service": "",
    }

    async def answer(fields: dict[str, Any]) -> str:
        names = f"<ToUserName>{person.openid}</ToUserName>"
        names += f"<FromUserName>{platform.account}</FromUserName><CreateTime>1</CreateTime>"
        kind = fields["Content"]
        return bot.seal(f"<xml>{names}<MsgType>{kind}</MsgType>{kinds[kind]}</xml>")

    bot.answer = answer
    for kind in kinds:
        await person.say(kind).over()
    assert [message.kind for message in person.history] == ["voice", "news"]
    assert person.history[0].data == b"#!AMR\n"
    assert person.history[1].text == "面谈说明"
    assert person.failures == []


async def test_the_webhooks_address_is_verified(bot: Bot) -> None:
    assert await bot.platform.verify()
    bot.echo_more = "\n"
    assert not await bot.platform.verify()
    bot.echo_more, bot.platform.webhook = "", "http://127.0.0.1:9/hook"
    assert not await bot.platform.verify()


async def test_another_token_signs_otherwise(bot: Bot, person: Person) -> None:
    bot.platform.token = "AnotherToken"
    push = await person.say("你好").over()
    assert [attempt.status for attempt in push.attempts] == [403] * 4
    assert bot.got == []
    assert not await bot.platform.verify()
