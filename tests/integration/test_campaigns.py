"""Campaigns that are opened again: new versions for newcomers, the old one for those under way."""

import time
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.demo import read_files
from bot.files import sample_guide
from bot.storage.catalogue import FrozenError, GivenFiles, open_campaign, publish
from dialogues.guide import Text
from tests.helpers import Candidate, build_in, running
from tests.kinds import GUIDE, RUBRIC

SOFTWARE, SALES = "campus-software-engineer", "sales-representative"


async def test_a_campaign_opened_again(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    given = read_files(sample_guide(SOFTWARE))
    newer = GivenFiles(given.guide.replace("\nversion: ", "\nversion: 1", 1), given.rubric)

    def open_it(company: str, *files: GivenFiles) -> None:
        def work(session: Session) -> None:
            roles = [publish(session, one, time.time()) for one in files]
            named = {role.guide.guide: role for role in roles}
            names: Text = {"zh": company, "en": company}
            open_campaign(session, "autumn", names, named, time.time())

        application.database.write_now(work)

    async with running(application) as client:
        open_it("First", given, read_files(sample_guide(SALES)))
        early = await Candidate(client).begin("autumn", language="en")
        assert "First" in early.messages[0]["text"]
        await early.say("agree")
        offered = [option["id"] for option in early.messages[-1]["options"]]
        assert offered == [SOFTWARE, SALES]
        open_it("Second", newer)
        late = await Candidate(client).begin("autumn", language="en")
        assert "Second" in late.messages[0]["text"]
        await late.say("agree")
        assert [option["id"] for option in late.messages[-1]["options"]] == [
            "campus",
            "experienced",
        ]
        await early.say(SALES)
        await early.say("campus")
        assert early.state["question"] == "warmup", "who began earlier keeps what was offered"


@pytest.mark.parametrize(
    ("guide", "rubric", "complaint"),
    [
        ("几年了", "", "version 1 of the guide 'kinds' is published"),
        ("", "weight: 50", "version 1 of the rubric 'kinds' is published"),
    ],
)
def test_a_published_version_is_frozen(
    tmp_path: Path, guide: str, rubric: str, complaint: str
) -> None:
    application = build_in(tmp_path)
    first = GivenFiles(GUIDE, RUBRIC)
    changed = GivenFiles(
        GUIDE.replace(guide, "多久了") if guide else GUIDE,
        RUBRIC.replace(rubric, "weight: 50.0") if rubric else RUBRIC,
    )
    raised = GivenFiles(
        changed.guide.replace("version: 1", "version: 2"),
        changed.rubric.replace("version: 1", "version: 2"),
    )

    def put(given: GivenFiles) -> None:
        application.database.write_now(lambda session: publish(session, given, 1.0))

    try:
        put(first)
        put(first)
        with pytest.raises(FrozenError, match=f"{complaint}.*version: 2"):
            put(changed)
        put(raised)
        put(first)
    finally:
        application.close()
