"""Every kind of question over the chat API, its score in the result, and the result verified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot import sandbox
from bot.bootstrap import Application
from bot.commands.verify import verify
from bot.storage.catalogue import GivenFiles, load_role
from connectors.result import Result, ScoreRow, from_json, to_json
from tests.console import console, csrf_of, result_of
from tests.helpers import Candidate
from tests.kinds import CAMPAIGN, GUIDE, RUBRIC, open_kinds

SUM = "a, b = map(int, input().split())\nprint(a + b)"
WRONG = "a, b = map(int, input().split())\nprint(abs(a + b))"
BESIDE_THE_POINT = "We went for a walk along the river."
"""An answer in which no key point is found."""
needs_sandbox = pytest.mark.skipif(
    not (sandbox.available("python") and sandbox.available("javascript")),
    reason="bubblewrap, python3 or node is not installed here",
)


@asynccontextmanager
async def campaign(home: Path) -> AsyncIterator[tuple[Application, httpx2.AsyncClient]]:
    async with console(home) as (application, client):
        open_kinds(application)
        yield application, client


async def begin(client: httpx2.AsyncClient, **body: Any) -> Candidate:
    given = {"language": "en", "candidate_type": "clerk", **body}
    candidate = await Candidate(client).begin(CAMPAIGN, **given)
    await candidate.say("agree")
    return candidate


async def scored(application: Application, candidate: Candidate) -> Result:
    """The result, which must hold when it is verified and survive the way to JSON and back."""
    assert candidate.state["status"] == "finished"
    await asyncio.to_thread(application.tasks.score, candidate.session)
    result = result_of(application, candidate.session)
    assert from_json(to_json(result)) == result
    verdict = verify(result, load_role(GivenFiles(GUIDE, RUBRIC)), application.encoder)
    assert verdict.problems == ()
    assert verdict.largest_difference == 0.0
    return result


def row_of(result: Result, question: str) -> ScoreRow:
    return next(row for row in result.scores.answers if row.question_id == question)


def said(candidate: Candidate) -> list[str]:
    return [message["text"] for message in candidate.messages]


async def test_choices_and_numbers_are_scored_by_their_points(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client)
        await candidate.say("many")
        assert "number" in candidate.messages[-1]["text"]
        await candidate.say("about 4 years")
        await candidate.say("2")
        for _ in range(5):
            await candidate.say(BESIDE_THE_POINT)
        result = await scored(application, candidate)
    years, safety = row_of(result, "years"), row_of(result, "safety")
    assert (years.score, years.interval) == (100.0, (100.0, 100.0))
    assert [(e.key_point, e.text) for e in years.evidence] == [("senior", "about 4 years")]
    assert (safety.score, safety.interval) == (50.0, (50.0, 50.0))
    assert [(e.key_point, e.text) for e in safety.evidence] == [("call", "2")]
    assert result.scores.competencies["skill"].score == 75.0
    assert "tests" not in to_json(result)
    assert "standard" not in to_json(result)


@pytest.mark.parametrize(
    ("first", "line"),
    [
        ("Madam, I am so sorry about this, you are right to be angry.", "All right, what now?"),
        ("It is not our fault", "You do not even apologise!"),
    ],
)
async def test_a_scenario_goes_by_what_was_said(tmp_path: Path, first: str, line: str) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client)
        await candidate.say("4")
        await candidate.say("stop")
        await candidate.say(first)
        assert line in candidate.messages[-1]["text"]
        assert candidate.state["question"] == "complaint"
        await candidate.say("I will track the parcel now")
        assert candidate.state["question"] == "store"
        for _ in range(3):
            await candidate.say(BESIDE_THE_POINT)
        result = await scored(application, candidate)
    row = row_of(result, "complaint")
    strong = {e.key_point for e in row.evidence if e.strength >= 0.5}
    assert strong == ({"sorry", "find"} if "sorry" in first else {"find"})
    ids = [x.follow_up for x in result.transcript if x.question_id == "complaint"]
    assert ids == [None, None, *(["calmer"] * 2 if "sorry" in first else ["angrier"] * 2)]


async def test_a_case_shows_its_material_and_asks_its_parts(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client)
        for text in ("4", "stop", "I apologise", "I will call the carrier"):
            await candidate.say(text)
        material = "Sales were 100 in March and 80 in April."
        assert said(candidate) == [f"{material}\n\nWhat do you see?"]
        await candidate.say("I would ask the staff why")  # It counts at the plan only.
        assert said(candidate) == ["What would you do?"]
        await candidate.say("repeat")
        assert said(candidate) == [f"{material}\n\nWhat would you do?"]
        await candidate.say("sales dropped a fifth")  # It counts at the first question only.
        await candidate.say(BESIDE_THE_POINT)
        result = await scored(application, candidate)
    assert row_of(result, "store").score == 0.0
    assert row_of(result, "store").evidence == ()


@needs_sandbox
async def test_a_program_is_run_and_may_be_sent_again(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client, candidate_type="engineer")
        await candidate.say("4")
        await candidate.say("stop")
        await candidate.say("I would read both numbers and add them up.")
        assert "Python, JavaScript" in said(candidate)[0]
        await candidate.say(WRONG)
        assert "2 of 3" in said(candidate)[0]
        assert "small: passed" in said(candidate)[0]
        assert "negative" not in said(candidate)[0]
        assert [option["id"] for option in candidate.messages[-1]["options"]] == ["keep_program"]
        await candidate.say(SUM)
        assert "3 of 3" in said(candidate)[0]
        assert candidate.state["question"] == "closing"
        await candidate.say(BESIDE_THE_POINT)
        result = await scored(application, candidate)
    row = row_of(result, "sum")
    assert [(test.test, test.verdict) for test in row.tests] == [
        ("small", "passed"),
        ("negative", "passed"),
        ("large", "passed"),
    ]
    assert (row.score, row.interval) == (100.0, (100.0, 100.0))
    kinds = [x.kind for x in result.transcript if x.question_id == "sum" and x.text in (WRONG, SUM)]
    assert kinds == ["corrected", "answer"]


@needs_sandbox
async def test_a_program_that_is_kept_is_scored_by_the_tests_it_passed(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client, candidate_type="engineer", language="zh")
        await candidate.say("4")
        await candidate.say("按急停")
        await candidate.say(f"```python\n{WRONG}\n```")
        assert "3 个测试通过了 2 个" in said(candidate)[0]
        await candidate.say("就用这一版")
        await candidate.say("没有了")
        result = await scored(application, candidate)
    row = row_of(result, "sum")
    assert {test.test: test.verdict for test in row.tests}["negative"] == "wrong_output"
    assert row.score == 50.0


async def test_facts_come_from_the_resume_and_from_answers(tmp_path: Path) -> None:
    resume = "张三\n毕业院校：东海大学\n7 年工作经验"
    async with campaign(tmp_path) as (_, client):
        candidate = await begin(client, language="zh", profile={"resume": resume})
        for text in (
            "4",
            "按急停",
            "真的对不起，我来查物流",
            "我来联系快递",
            "四月比三月下降了",
            "我会先问店里的同事",
        ):
            await candidate.say(text)
        assert said(candidate)[-1] == "您工作了4年，毕业于东海大学，还有补充吗？"
        other = await begin(client, profile={"years": 9})
        for text in ("4", "stop", "I apologise", *[BESIDE_THE_POINT] * 3):
            await other.say(text)
        assert (
            said(other)[-1] == "You have worked 9 years and went to your school. Anything to add?"
        )


async def test_a_recruiter_adds_a_question_of_the_bank(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client)
        address = f"/console/interviews/{candidate.session}"
        page = await client.get(address)
        assert "请讲一次道歉。" in page.text
        form = {"csrf": csrf_of(page), "question": "extra"}
        added = await client.post(f"{address}/questions", data=form)
        assert added.status_code == 303
        waiting = (await client.get(address)).text
        assert "请讲一次道歉。 · 已加上，接下来问" in waiting
        assert 'value="extra"' not in waiting
        assert (await client.post(f"{address}/questions", data=form)).status_code == 409
        await candidate.say("4")
        assert candidate.state["question"] == "extra"
        await candidate.say("I apologised in person")
        assert candidate.state["question"] == "safety"
        assert "请讲一次道歉。 · 已问" in (await client.get(address)).text
        for text in ("stop", "no", "no", "no", "no", "no"):
            await candidate.say(text)
        result = await scored(application, candidate)
        finished = await client.get(address)
    row = row_of(result, "extra")
    assert row.score is not None
    assert row.score > 50
    assert [flag.kind for flag in row.flags] == ["non_standard"]
    assert [(flag.kind, flag.question_id) for flag in result.flags] == [("non_standard", "extra")]
    standard = result.scores.standard
    assert standard is not None
    assert standard.competencies["service"].score == 0.0
    assert result.scores.competencies["service"].score == round(row.score / 3, 1)
    assert standard.overall.score is not None
    assert result.scores.overall.score is not None
    assert standard.overall.score < result.scores.overall.score
    assert "不含加问的题" in finished.text
    assert "只向这位候选人加问的题" in finished.text


async def test_adding_needs_the_session_and_a_known_interview(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (_, client):
        candidate = await begin(client)
        address = f"/console/interviews/{candidate.session}"
        token = csrf_of(await client.get(address))
        without = await client.post(f"{address}/questions", data={"question": "extra"})
        assert without.status_code == 403
        strange = {"csrf": token, "question": "closing"}
        assert (await client.post(f"{address}/questions", data=strange)).status_code == 409
        nowhere = await client.post(
            "/console/interviews/none/questions", data={"csrf": token, "question": "extra"}
        )
        assert nowhere.status_code == 404


async def test_a_corrected_answer_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async with campaign(tmp_path) as (application, client):
        candidate = await begin(client)
        await candidate.say("4")
        await candidate.say("correct my last answer")
        assert candidate.state["question"] == "years"
        await candidate.say("2")
        for text in ("stop", "no", "no", "no", "no", "no"):
            await candidate.say(text)
        result = await scored(application, candidate)
        page = await client.get(f"/console/interviews/{candidate.session}")
    assert row_of(result, "years").score == 40.0
    kinds = [(x.kind, x.text) for x in result.transcript if x.question_id == "years"]
    assert [kind for kind, _ in kinds] == ["question", "corrected", "question", "answer"]
    assert [x.kind for x in result.transcript if x.question_id == "safety"] == [
        "dropped",
        "question",
        "answer",
    ]
    assert "后来更正了" in page.text
    assert "更正后不再问" in page.text
