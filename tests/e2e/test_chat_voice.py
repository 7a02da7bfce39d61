"""Answering by voice on the candidate's page: a browser with a microphone that beeps, and a stand-in
for the speech model."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bot.bootstrap import Application
from bot.speech.decoding import decode
from dialogues.guide import Language
from dialogues.texts import say
from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits, no_reload
from tests.e2e.test_chat_page import ENGINEER, begin, on_question
from tests.helpers import good_answers
from tests.voice import Heard

pytestmark = pytest.mark.browser

NARROW = {**PHONE, "viewport": {"width": 320, "height": 640}}
OPEN_OPTIONS = ".options:not(.options-past) button"
ZH = good_answers(ENGINEER, "zh")({"question": "project"})
EN = good_answers(ENGINEER, "en")({"question": "project"})


class Ears:
    """Hears what it is told to, whatever was recorded. Closed, it waits."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.hears: list[Heard] = []
        self.heard: list[bytes] = []

    def __call__(self, audio: bytes, language: Language) -> Heard:
        assert self.open.wait(20), "nobody opened the ears"
        self.heard.append(audio)
        return self.hears.pop(0)


@pytest.fixture
def ears(application: Application) -> Iterator[Ears]:
    given = Ears()
    application.tasks.transcribing.hear = given
    yield given
    given.open.set()


def words(text: str) -> Heard:
    return Heard(text, text)


@pytest.fixture
def open_speaking(open_page: Open) -> Callable[..., Page]:
    """A page whose browser lets it use the microphone, at the first question."""

    def open_one(language: str, **options: object) -> Page:
        page = open_page(f"/chat/{ENGINEER}?lang={language}", permissions=["microphone"], **options)
        begin(page)
        return page

    return open_one


def record(page: Page, seconds: float = 1.2) -> None:
    """Record for a while, and send it."""
    page.locator("#mic").click()
    expect(page.locator("#recorder-stop")).to_be_visible()
    page.wait_for_timeout(seconds * 1000)
    page.locator("#recorder-stop").click()
    page.locator("#recorder-send").click()


def agree(page: Page) -> None:
    """Agree to voice, and wait until the server took that in."""
    page.locator(OPEN_OPTIONS).first.click()
    expect(page.locator(OPEN_OPTIONS)).to_have_count(0)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def spoken(page: Page) -> Locator:
    """The latest recording in the conversation."""
    return page.locator(".msg-own.voice").last


@pytest.mark.parametrize(("language", "answer"), [("zh", ZH), ("en", EN)])
def test_consent_then_words_then_put_right_then_the_next_question(
    open_speaking: Callable[..., Page], ears: Ears, language: Language, answer: str
) -> None:
    page = open_speaking(language, **NARROW)
    begun = on_question(page)
    ears.hears = [words(answer)]
    ears.open.clear()
    with no_reload(page):
        record(page)
        expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
        expect(spoken(page)).to_have_attribute("data-voice", "asking")
        assert ears.heard == []
        agree(page)
        expect(spoken(page)).to_contain_text(
            re.compile(
                {
                    "zh": "语音 0:0[1-3] · 正在转成文字…",
                    "en": "Voice 0:0[1-3] · being transcribed…",
                }[language]
            )
        )
        assert_accessible(page)
        assert_fits(page)
        ears.open.set()
        expect(spoken(page).locator(".words")).to_have_text(answer)
        expect(page.locator(".msg-theirs").last).to_have_class(re.compile("kind-question"))
        expect(page.locator("#progress-count")).not_to_have_text(begun)
        assert page.get_by_text(say("voice_heard", language, text=answer)).count() == 0
        spoken(page).get_by_role("button", name={"zh": "改", "en": "Edit"}[language]).click()
        field = page.locator(".fixing textarea")
        expect(field).to_be_focused()
        expect(field).to_have_value(answer)
        assert_accessible(page)
        assert_fits(page)
        field.fill(f"{answer} Redis")
        page.locator(".fixing .button-main").click()
        expect(spoken(page).locator(".words")).to_have_text(f"{answer} Redis")
        expect(spoken(page).get_by_role("button")).to_be_focused()
        assert_accessible(page)
        assert_fits(page)
        assert page.locator(".msg-own.voice").count() == 1
    assert 0.8 < len(decode(ears.heard[0])) / 16_000 < 4
    page.reload()
    expect(page.locator(".msg-own.voice")).to_have_count(1)
    expect(page.get_by_text(f"{answer} Redis")).to_be_visible()


def test_what_is_not_understood_is_asked_again(
    open_speaking: Callable[..., Page], ears: Ears
) -> None:
    page = open_speaking("zh", **PHONE)
    begun = on_question(page)
    ears.hears = [Heard("嗯", "嗯", reasons=("noise",)), words(ZH)]
    record(page)
    agree(page)
    expect(spoken(page)).to_contain_text("没有听清")
    expect(spoken(page)).to_contain_text("没有计入回答")
    expect(page.get_by_text(say("voice_noisy", "zh"))).to_be_visible()
    expect(page.locator(".msg-theirs").last).to_have_class(re.compile("kind-question"))
    expect(page.locator("#progress-count")).to_have_text(begun)
    assert_accessible(page)
    record(page)
    expect(spoken(page).locator(".words")).to_have_text(ZH)
    assert page.locator(".msg-own.voice").count() == 2


def test_declining_goes_on_in_text(open_speaking: Callable[..., Page], ears: Ears) -> None:
    page = open_speaking("en")
    record(page)
    page.locator(OPEN_OPTIONS).last.click()
    expect(spoken(page)).to_contain_text("Recording deleted")
    page.locator("#words").fill(EN)
    page.keyboard.press("Enter")
    expect(page.locator("#progress-count")).to_contain_text("1 /")
    assert ears.heard == []


def test_typed_meanwhile_it_is_one_answer(open_speaking: Callable[..., Page], ears: Ears) -> None:
    page = open_speaking("zh")
    ears.hears = [words(ZH), words("最后一句。")]
    ears.open.clear()
    record(page)
    agree(page)
    page.locator("#words").fill("补充：这个项目我一个人负责。")
    page.keyboard.press("Enter")
    expect(page.locator(".msg-own").last).to_contain_text("已保存")
    record(page)
    expect(spoken(page)).to_contain_text("正在转成文字")
    ears.open.set()
    expect(page.locator(".msg-own.voice")).to_have_count(1)
    expect(spoken(page).locator(".words")).to_contain_text(ZH)
    expect(spoken(page).locator(".words")).to_contain_text("最后一句。")
    expect(page.get_by_text("补充：这个项目我一个人负责。")).to_have_count(1)


def test_too_late_to_put_right(
    open_speaking: Callable[..., Page], ears: Ears, application: Application
) -> None:
    page = open_speaking("zh")
    ears.hears = [words(ZH)]
    record(page)
    agree(page)
    spoken(page).get_by_role("button", name="改").click()
    page.locator(".fixing textarea").fill("改过")
    page.keyboard.press("Escape")
    expect(page.locator(".fixing")).to_have_count(0)
    expect(spoken(page).locator(".words")).to_have_text(ZH)
    expect(page.locator("#recorder")).to_be_hidden()
    page.keyboard.press("Enter")  # the focus is back on the button
    page.locator(".fixing textarea").fill("改过")
    now = application.pipeline.now
    application.pipeline.now = lambda: now() + 1000
    page.keyboard.press("Control+Enter")
    expect(spoken(page)).to_contain_text("现在不能改了")
    application.pipeline.now = now
    expect(spoken(page).get_by_role("button")).to_have_count(0)
    expect(spoken(page).locator(".words")).to_have_text(ZH)


def test_by_keyboard_only(open_speaking: Callable[..., Page], ears: Ears) -> None:
    page = open_speaking("en")
    ears.hears = [words(EN)]
    press, told = page.keyboard.press, page.locator("#voice-said")
    page.locator("#words").focus()
    press("Tab")
    expect(button(page, "Answer by voice")).to_be_focused()
    press("Enter")
    expect(button(page, "Done")).to_be_focused()
    expect(told).to_have_text("Recording started")
    assert_accessible(page)
    press("Shift+Tab")
    expect(button(page, "Pause")).to_be_focused()
    press("Enter")
    expect(told).to_have_text("Recording paused")
    assert_accessible(page)
    time = page.locator("#recorder-time").inner_text()
    page.wait_for_timeout(1200)
    assert page.locator("#recorder-time").inner_text() == time
    expect(button(page, "Resume")).to_be_focused()
    press("Enter")
    expect(told).to_have_text("Recording resumed")
    press("Escape")
    expect(button(page, "Keep")).to_be_focused()
    assert_accessible(page)
    press("Enter")
    expect(button(page, "Done")).to_be_focused()
    page.wait_for_timeout(1200)
    press("Enter")
    expect(page.locator("#recorder-send")).to_be_focused()
    assert_accessible(page)
    press("Shift+Tab")
    press("Enter")
    expect(button(page, "Stop")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(page.locator("#recorder")).to_be_hidden()
    expect(page.locator("#mic")).to_be_focused()
    expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
    for _ in range(8):
        press("Shift+Tab")
        if page.locator(OPEN_OPTIONS).first.evaluate("el => el === document.activeElement"):
            break
    press("Enter")
    expect(spoken(page).locator(".words")).to_have_text(EN)
    expect(told).to_have_text("Your voice message is transcribed")
    page.locator("#mic").focus()
    press("Enter")
    expect(button(page, "Done")).to_be_focused()
    press("Escape")
    press("Shift+Tab")
    press("Enter")
    expect(told).to_have_text("Recording discarded")
    expect(page.locator("#mic")).to_be_focused()
    assert len(ears.heard) == 1


def test_it_stops_by_itself_at_ten_minutes(open_speaking: Callable[..., Page], ears: Ears) -> None:
    page = open_speaking("zh", **PHONE)
    page.clock.install()
    page.locator("#mic").tap()
    expect(page.locator("#recorder-stop")).to_be_visible()
    page.clock.fast_forward(4_000)
    page.clock.fast_forward("08:00")
    expect(page.locator("#recorder-note")).to_be_empty()
    page.clock.fast_forward("01:00")
    expect(page.locator("#recorder-note")).to_contain_text("快满十分钟了")
    expect(page.locator("#recorder-word")).to_have_text("正在录音")
    page.clock.fast_forward("01:00")
    expect(page.locator("#recorder-note")).to_contain_text("满十分钟，已经停下")
    expect(page.locator("#recorder-send")).to_be_visible()
    expect(page.locator("#recorder-time")).to_contain_text("10:0")
    assert_accessible(page)


def test_the_microphone_is_refused_and_text_goes_on(open_page: Open, ears: Ears) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=zh", **NARROW)
    begin(page)
    page.locator("#mic").tap()
    expect(page.locator("#voice-problem")).to_contain_text("浏览器没有允许使用麦克风")
    expect(page.locator("#recorder")).to_be_hidden()
    assert_accessible(page)
    assert_fits(page)
    page.locator("#words").fill(ZH)
    page.locator("#send").tap()
    expect(page.locator("#progress-count")).to_contain_text("1 /")
    expect(page.locator("#voice-problem")).to_be_empty()


def test_sent_again_after_the_network_was_away(
    open_speaking: Callable[..., Page], ears: Ears
) -> None:
    page = open_speaking("en")
    ears.hears = [words(EN)]
    page.context.set_offline(True)
    record(page)
    expect(spoken(page)).to_contain_text("Not sent yet")
    assert_accessible(page)
    page.context.set_offline(False)
    expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
    agree(page)
    expect(spoken(page).locator(".words")).to_have_text(EN)
    assert len(ears.heard) == 1
    assert page.locator(".msg-own.voice").count() == 1


def test_an_answer_that_is_lost_on_its_way_changes_nothing(
    open_speaking: Callable[..., Page], ears: Ears
) -> None:
    page = open_speaking("zh")
    ears.hears = [words(ZH)]
    sent: list[bytes | None] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(re.search(rb"[0-9a-f-]{36}", route.request.post_data_buffer or b"")[0])  # type: ignore[index]
        answer = route.fetch()
        if len(sent) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/messages", lose_the_first)
    record(page)
    expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
    expect(spoken(page)).to_contain_text("已收到")
    assert len(sent) == 2
    assert sent[0] == sent[1]
    page.unroute("**/messages")
    agree(page)
    expect(spoken(page).locator(".words")).to_have_text(ZH)
    assert (len(ears.heard), page.locator(".msg-own.voice").count()) == (1, 1)


def test_unsent_it_survives_a_reload_and_is_then_deleted_here(
    open_speaking: Callable[..., Page], ears: Ears
) -> None:
    page = open_speaking("en")
    ears.hears = [words(EN)]
    page.route(
        "**/messages",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    record(page)
    expect(spoken(page)).to_contain_text("Not sent yet")
    assert kept(page) == 1
    page.reload()
    expect(spoken(page)).to_contain_text("Not sent yet")
    page.unroute("**/messages")
    expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
    agree(page)
    expect(spoken(page).locator(".words")).to_have_text(EN)
    assert kept(page) == 0


def kept(page: Page) -> int:
    """How many recordings the device keeps."""
    return int(
        page.evaluate(
            """name => new Promise((done) => {
              const opening = indexedDB.open(name, 1);
              opening.onsuccess = () => {
                const counting = opening.result.transaction("unsent").objectStore("unsent").count();
                counting.onsuccess = () => done(counting.result) ?? opening.result.close();
              };
            })""",
            f"miantan.chat.{ENGINEER}",
        )
    )


def test_where_voice_is_not_taken_there_is_no_button(
    open_page: Open, application: Application, site: str
) -> None:
    recordings, application.recordings = application.recordings, None
    page = open_page(f"/chat/{ENGINEER}?lang=zh", permissions=["microphone"])
    application.recordings = recordings
    begin(page)
    assert page.locator("#mic, #recorder").count() == 0


def test_only_the_candidates_page_may_listen(open_page: Open, site: str) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=zh")
    speaking = page.request.get(f"{site}/chat/{ENGINEER}").headers
    assert speaking["permissions-policy"] == "camera=(), geolocation=(), microphone=(self)"
    assert speaking["content-security-policy"].endswith("; media-src 'self' blob:")
    for address in ("/console", "/healthz", "/chat/no-such-campaign-open/x"):
        other = page.request.get(f"{site}{address}").headers
        assert other["permissions-policy"] == "camera=(), geolocation=(), microphone=()"
        assert "media-src" not in other["content-security-policy"]
