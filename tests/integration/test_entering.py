"""Entering by invitation: on any channel, going on elsewhere, and what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.storage import invitations
from bot.storage.invitations import Contact, NewInvitation
from bot.storage.people import key_of
from bot.storage.tables import Interview, Person
from bot.work.tasks import read_record
from tests.helpers import build_in, running
from tests.wechat_platform import WeChatPlatform
from tests.wechat_runs import CAMPUS, connected

INVITED = Contact(name="候选人甲", email="one@example.test", profile={"degree": "master"})


@pytest.fixture
async def wechat() -> AsyncIterator[WeChatPlatform]:
    async with WeChatPlatform().running() as platform:
        yield platform


@pytest.fixture
def application(home: Path) -> Application:
    """Closed by `running`."""
    return build_in(home)


def invite(application: Application, **values: object) -> str:
    """A new invitation; returns its code."""

    def work(session: Session) -> str:
        given = {"campaign_id": CAMPUS, "created_by": "recruiter", **values}
        new = NewInvitation(**given)  # type: ignore[arg-type]
        row = invitations.create(session, application.master, new, 1_700_000_000.0)
        return invitations.code_of(application.master, row)

    return application.database.write_now(work)


async def only(application: Application) -> Interview:
    def work(session: Session) -> Interview:
        return session.exec(select(Interview)).one()

    return await application.database.read(work)


async def post(client: httpx2.AsyncClient, code: str, campaign: str = CAMPUS) -> httpx2.Response:
    return await client.post(f"/api/v1/chat/{campaign}/sessions", json={"invitation": code})


async def test_begun_in_wechat_and_gone_on_with_in_the_browser(
    wechat: WeChatPlatform, home: Path
) -> None:
    async with connected(wechat, home) as application:
        code = invite(application, contact=INVITED, source="campus-fair", candidate_type="campus")
        candidate = wechat.candidate()
        candidate.follow(code)
        assert "AI" in (await candidate.next_message()).text
        candidate.say("同意")
        assert "1/" in (await candidate.next_message()).text
        row = await only(application)
        assert (row.channel, row.source, row.candidate_type) == ("wechat", "campus-fair", "campus")
        url = wechat.webhook.partition("/webhooks")[0]
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
            answer = await post(client, code)
            assert answer.status_code == 200, answer.text
            begun = answer.json()
            assert begun["session"] == row.id
            assert "1/" not in begun["messages"][-1]["text"]  # the question, not the page's layout
            assert begun["state"]["question"] == row.question
            said = await client.post(
                f"/api/v1/chat/sessions/{row.id}/messages",
                json={"id": "m1", "text": "我写过一个编译器前端，同学们都在用。"},
                headers={"Authorization": f"Bearer {begun['token']}"},
            )
            assert said.json()["state"]["answered"] == 1
        row = await only(application)
        assert row.channel == "web"
        candidate.say("你好")  # here there is nothing open any more
        assert (await only(application)).answered == 1


async def test_a_code_typed_as_words_is_understood(wechat: WeChatPlatform, home: Path) -> None:
    async with connected(wechat, home) as application:
        code = invite(application, contact=INVITED)
        candidate = wechat.candidate(following=True)
        candidate.say(f" {code[:5].lower()}-{code[5:]} ")
        assert "AI" in (await candidate.next_message()).text
        assert (await only(application)).source == "wechat"


async def test_the_invited_person_is_one_person_on_all_channels(
    wechat: WeChatPlatform, home: Path
) -> None:
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        candidate.say(f"/start {CAMPUS}")
        await candidate.next_message()
        candidate.say("不同意")
        await candidate.next_message()
        code = invite(application, contact=INVITED)
        candidate.say(code)
        assert "AI" in (await candidate.next_message()).text

        def people(session: Session) -> list[str]:
            rows = session.exec(select(Interview)).all()
            for row in rows:
                read_record(session, row, key_of(session, application.master, row))
            assert len(session.exec(select(Person)).all()) == 1
            return [row.person_id for row in rows]

        found = await application.database.read(people)
        assert len(found) == 2 and len(set(found)) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"expires_at": 1_700_000_001.0}, "invitation_expired"),
        ({"kind": "shared", "max_uses": 0}, "invitation_used_up"),
    ],
)
async def test_what_does_not_admit_says_why(
    application: Application, values: dict[str, object], code: str
) -> None:
    async with running(application) as client:
        answer = await post(client, invite(application, **values))
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)


async def test_unknown_codes_and_other_campaigns_are_not_found(application: Application) -> None:
    async with running(application) as client:
        assert (await post(client, "0000000000")).status_code == 404
        code = invite(application)
        assert (await post(client, code, "sales-representative")).status_code == 404
        assert (await post(client, code)).status_code == 200


async def test_a_shared_code_admits_as_often_as_it_says(application: Application) -> None:
    async with running(application) as client:
        code = invite(application, kind="shared", max_uses=2, source="poster")
        sessions = {(await post(client, code)).json()["session"] for _ in range(2)}
        assert len(sessions) == 2
        assert (await post(client, code)).status_code == 409


async def test_a_finished_interview_is_not_begun_again(application: Application) -> None:
    async with running(application) as client:
        code = invite(application, contact=INVITED)
        begun = (await post(client, code)).json()
        await client.post(
            f"/api/v1/chat/sessions/{begun['session']}/messages",
            json={"id": "m1", "text": "decline"},
            headers={"Authorization": f"Bearer {begun['token']}"},
        )
        assert (await post(client, code)).json()["error"]["code"] == "invitation_used_up"
