"""Questions read aloud on the candidate's page, when somebody asks for it."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from bot.aloud import Aloud, NotSpokenError
from bot.bootstrap import Application
from bot.channels.base import Clip, Format
from dialogues.guide import Language
from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits
from tests.e2e.test_chat_page import ENGINEER, begin
from tests.speech.coding import encoded

pytestmark = pytest.mark.browser

NAMES = {
    "zh": ("听一听", "停止", "暂时读不了"),
    "en": ("Listen", "Stop", "Cannot be read aloud"),
}


class Mouth:
    """Says everything with ten seconds of a tone."""

    def __init__(self) -> None:
        tone = np.sin(np.arange(240_000) * 0.1).astype(np.float32) / 4
        self.clip = Clip(encoded(tone, "mp3"), 10.0)
        self.said: list[tuple[str, Language, Format]] = []
        self.mute = False

    def __call__(self, text: str, language: Language, form: Format, personal: bool) -> Clip:
        self.said.append((text, language, form))
        if self.mute:
            raise NotSpokenError("mute")
        return self.clip


@pytest.fixture
def mouth(application: Application) -> Iterator[Mouth]:
    given = Mouth()
    application.aloud = Aloud(given, {})
    yield given
    application.aloud = None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_question_is_heard_and_stopped(open_page: Open, mouth: Mouth, language: str) -> None:
    listen, stop, _ = NAMES[language]
    page = open_page(f"/chat/{ENGINEER}?lang={language}", **PHONE)
    begin(page)
    button = page.get_by_role("button", name=listen, exact=True)
    expect(button).to_have_count(1)
    assert mouth.said == []
    with page.expect_response(lambda answer: answer.url.endswith("/audio")):
        button.click()
    playing = page.get_by_role("button", name=stop, exact=True)
    expect(playing).to_be_visible()
    [(text, spoken_in, form)] = mouth.said
    assert (spoken_in, form) == (language, "mp3")
    assert text in page.locator("#log").inner_text()
    assert_accessible(page)
    assert_fits(page)
    playing.click()
    expect(page.get_by_role("button", name=listen, exact=True)).to_be_visible()


def test_what_cannot_be_spoken_is_said(open_page: Open, mouth: Mouth) -> None:
    mouth.mute = True
    page = open_page(f"/chat/{ENGINEER}?lang=en", **PHONE)
    begin(page)
    page.get_by_role("button", name="Listen", exact=True).click()
    expect(page.get_by_role("button", name=NAMES["en"][2])).to_be_disabled()


def test_without_a_voice_there_is_no_button(open_page: Open) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=en", **PHONE)
    begin(page)
    expect(page.get_by_role("button", name="Listen", exact=True)).to_have_count(0)
