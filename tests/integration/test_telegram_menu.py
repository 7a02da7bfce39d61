"""Commands and the menu, in both languages, and the sign of typing."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.channels.base import Command
from bot.channels.telegram import bot as telegram_bot
from bot.entry import REQUESTS
from dialogues.courtesies import MENU
from dialogues.guide import Language
from dialogues.texts import TEXTS, say
from tests.fakes import ApiError, TelegramStandIn
from tests.helpers import until
from tests.telegram_people import Candidate
from tests.telegram_runs import CAMPUS, begin, interviews, next_question, polling, pushed, words_of

pytestmark = pytest.mark.usefixtures("quick")
LANGUAGES: Mapping[Language, str] = {"zh": "zh-hans", "en": "en-GB"}
TYPED: Mapping[str, Mapping[Language, str]] = {
    name: request.words for name, request in REQUESTS.items()
}


async def saw(candidate: Candidate, *texts: str) -> None:
    for text in texts:
        assert (await candidate.next_message()).text == text


@pytest.mark.parametrize("typed", [False, True], ids=["commands", "words"])
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_every_command_by_its_name_and_by_words(
    telegram: TelegramStandIn, home: Path, language: Language, typed: bool
) -> None:
    """What is asked for is done in the same way, and buttons or typed words confirm it."""

    def ask(name: Command) -> None:
        candidate.say(TYPED[name][language] if typed else f"/{name}")

    def confirm(yes: bool) -> None:
        label = say("yes" if yes else "no", language)
        _ = candidate.say(label) if typed else candidate.tap(label)

    async with polling(telegram, home) as application:
        candidate = telegram.candidate(LANGUAGES[language])
        first = (await begin(candidate)).text
        candidate.say("/help")
        await saw(candidate, say("help", language))
        ask("pause")
        await saw(candidate, say("paused", language))
        ask("resume")
        await saw(candidate, say("resumed", language), first)
        ask("correct")
        await saw(candidate, say("nothing_to_correct", language), first)
        candidate.say("/start")
        await saw(candidate, first)
        ask("privacy")
        company = application.settings.company[language]
        statement = say("consent_statement", language, company=company)
        privacy = say("about_privacy", language, company=company, statement=statement)
        await saw(candidate, privacy, first)
        ask("human")
        await saw(candidate, say("confirm_human", language))
        confirm(False)
        await saw(candidate, say("kept_going", language), first)
        other: Language = "en" if language == "zh" else "zh"
        ask("language")
        await saw(candidate, say("language_changed", other))
        await next_question(candidate)
        candidate.say(TYPED["language"][other] if typed else "/language")
        await saw(candidate, say("language_changed", language), first)
        ask("delete")
        await saw(candidate, say("confirm_delete", language))
        confirm(True)
        await saw(candidate, say("erased", language))
        (row,) = await interviews(application)
        assert row.status == "erased"


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_a_typed_answer_is_the_option_that_a_button_is(
    telegram: TelegramStandIn, home: Path, language: Language
) -> None:
    async with polling(telegram, home) as application:
        tapping, typing = (telegram.candidate(LANGUAGES[language]) for _ in range(2))
        for candidate in (tapping, typing):
            candidate.say(f"/start {CAMPUS}")
            for _ in range(2):
                question = await next_question(candidate)
                label, data = next(iter(question.buttons.items()))
                _ = candidate.say(label) if candidate is typing else candidate.tap(data)
            assert (await next_question(candidate)).text.startswith("1/")
        one, two = await interviews(application)
        assert (one.candidate_type, one.question) == (two.candidate_type, two.question)
        assert len(await words_of(application, two.id)) == 2


@pytest.mark.parametrize("run", [polling, pushed])
async def test_the_menu_is_what_help_lists(telegram: TelegramStandIn, home: Path, run: Any) -> None:
    async with run(telegram, home):
        await until(lambda: len(telegram.menus) == 3)
    assert set(MENU) == {"start", *get_args(Command)}
    for code, language in (("", "en"), ("zh", "zh"), ("en", "en")):
        listed = [f"/{name} {words}" for name, words in telegram.menus[code].items()]
        assert TEXTS["help"][language].splitlines()[1:] == listed  # type: ignore[index]


async def test_without_a_menu_interviews_go_on(
    telegram: TelegramStandIn,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tries = []

    async def refuse(parameters: dict[str, Any]) -> Any:
        tries.append(parameters)
        if len(tries) == 1:
            raise ApiError(502, "Bad Gateway")
        raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")

    monkeypatch.setattr(telegram, "_on_setmycommands", refuse)
    async with polling(telegram, home):
        candidate = telegram.candidate()
        await begin(candidate)
        await until(lambda: "bot_command_invalid" in capsys.readouterr().out.lower())
    assert len(tries) == 2  # trouble passes; a refusal does not


async def test_typing_is_shown_for_messages_and_not_too_often(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = telegram.candidate()
    with monkeypatch.context() as hasty:
        hasty.setattr(telegram_bot, "TYPING_SECONDS", 0.0)
        await type_at_every_message(telegram, home, candidate)
    async with polling(telegram, home):
        for words in ("在吗", "在吗？", "在不在"):
            candidate.say(words)
            await candidate.next_message()
        await until(lambda: candidate.typing == 3)
    assert telegram.count("sendChatAction") == 3


async def type_at_every_message(
    telegram: TelegramStandIn, home: Path, candidate: Candidate
) -> None:
    async with polling(telegram, home):
        await begin(candidate)  # /start, and two taps
        await until(lambda: candidate.typing == 1)
        candidate.say("我最近在写编译器")
        await next_question(candidate)
        await until(lambda: candidate.typing == 2)
        candidate.edit("我最近在写数据库")
        await candidate.next_message()
        candidate.in_group("大家好")
        await until(lambda: telegram.waiting == 0)
        assert telegram.count("sendChatAction") == 2


async def test_typing_delays_and_fails_nothing(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_bot, "TYPING_SECONDS", 0.0)
    asked = asyncio.Event()

    async def hang(parameters: dict[str, Any]) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def fail(parameters: dict[str, Any]) -> Any:
        raise ApiError(429, "Too Many Requests: retry after 5", retry_after=5)

    candidate = telegram.candidate()
    for trouble in (hang, fail):
        monkeypatch.setattr(telegram, "_on_sendchataction", trouble)
        async with polling(telegram, home):
            candidate.say("/help")
            await saw(candidate, say("help", "zh"))
            if trouble is hang:
                await asked.wait()
