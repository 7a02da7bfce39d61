"""The candidate's page in a browser: on a phone by taps, on a desk by keys."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits
from tests.helpers import good_answers

pytestmark = pytest.mark.browser

ENGINEER, SALES = "campus-software-engineer", "sales-representative"
OPEN_OPTIONS = ".options:not(.options-past) button"
HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script> {{7*7}} ${x}",
    "مرحبا، هذا جوابي عن المشروع (API) ١٢٣",
    "x" * 400 + " https://example.com/" + "y" * 200,
)


def begin(page: Page) -> None:
    """Past the first screen, consent and the candidate type, to the first question."""
    page.locator("#start-button").click()
    for _ in range(2):
        questions = page.locator(".msg-theirs").count()
        page.locator(OPEN_OPTIONS).first.click()
        expect(page.locator(".msg-theirs")).not_to_have_count(questions)
        expect(page.locator("#typing")).to_be_hidden()


def own_words(page: Page) -> list[str]:
    return page.locator(".msg-own .words").all_text_contents()


def saved(page: Page, word: str) -> None:
    expect(page.locator(".msg-own").last).to_contain_text(word)


def on_question(page: Page) -> str:
    """The number of questions answered, as the header says it."""
    return page.locator("#progress-count").inner_text()


def test_a_whole_interview_in_chinese_on_a_phone_by_taps(open_page: Open) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=zh", **PHONE)
    assert_accessible(page)
    assert_fits(page)
    page.locator("#start-button").tap()
    answer = good_answers(ENGINEER, "zh")({"question": "project"})
    for _ in range(60):
        said = page.locator(".msg-own").count()
        if page.locator(OPEN_OPTIONS).count():
            page.locator(OPEN_OPTIONS).first.tap()
        else:
            page.locator("#words").fill(answer)
            page.locator("#send").tap()
        expect(page.locator(".msg-own")).to_have_count(said + 1)
        saved(page, "已保存")
        expect(page.locator("#typing")).to_be_hidden()
        if page.locator("#ending").is_visible():
            break
    expect(page.locator("#ending")).to_contain_text("面试完成了")
    expect(page.locator("#composer")).to_be_hidden()
    assert_accessible(page)
    assert_fits(page)


def test_a_whole_interview_in_english_by_keyboard_only(open_page: Open) -> None:
    page = open_page(f"/chat/{SALES}?lang=en")
    press = page.keyboard.press
    expect(page.locator("#start-button")).to_be_enabled()
    for _ in range(5):
        press("Tab")
        if page.locator("#start-button").evaluate("el => el === document.activeElement"):
            break
    press("Enter")
    agree = page.get_by_role("button", name="I agree", exact=True)
    agree.wait_for()
    expect(page.locator("#words")).to_be_focused()
    for _ in range(5):
        press("Shift+Tab")
        if agree.evaluate("el => el === document.activeElement"):
            break
    press("Enter")
    expect(page.locator(OPEN_OPTIONS).first).not_to_have_text("I agree")
    answer = good_answers(SALES, "en")({"question": "cold_leads"})
    for _ in range(60):
        expect(page.locator("#words")).to_be_focused()
        said = page.locator(".msg-own").count()
        options = page.locator(OPEN_OPTIONS)
        page.keyboard.insert_text(options.first.inner_text() if options.count() else answer)
        press("Enter")
        expect(page.locator(".msg-own")).to_have_count(said + 1)
        saved(page, "Saved")
        expect(page.locator("#typing")).to_be_hidden()
        if page.locator("#ending").is_visible():
            break
    expect(page.locator("#ending")).to_contain_text("That’s everything, thank you")
    expect(page.locator("#ending")).to_be_focused()
    assert_accessible(page)


def test_reloading_goes_on_where_one_was(open_page: Open) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=zh", **PHONE)
    begin(page)
    page.locator("#words").fill("我写过一个爬虫，给同学查空教室。")
    page.locator("#send").tap()
    saved(page, "已保存")
    expect(page.locator("#typing")).to_be_hidden()
    page.locator("#words").fill("草稿\n第二行")
    before, progress = page.locator("#log .words").all_text_contents(), on_question(page)
    page.reload()
    expect(page.locator("#log .words")).to_have_count(len(before))
    assert page.locator("#log .words").all_text_contents() == before
    expect(page.locator("#progress-count")).to_have_text(progress)
    expect(page.locator("#words")).to_have_value("草稿\n第二行")
    page.locator("#send").tap()
    expect(page.locator(".msg-own .words").last).to_have_text("草稿\n第二行")
    saved(page, "已保存")


def test_hostile_words_are_shown_as_words(open_page: Open) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=zh", **PHONE)
    begin(page)
    for words in HOSTILE:
        said = page.locator(".msg-own").count()
        page.locator("#words").fill(words)
        page.locator("#send").tap()
        expect(page.locator(".msg-own")).to_have_count(said + 1)
        saved(page, "已保存")
        expect(page.locator("#typing")).to_be_hidden()
    assert own_words(page)[-3:] == list(HOSTILE)
    page.reload()
    expect(page.locator(".msg-own .words").last).to_have_text(HOSTILE[-1])
    assert own_words(page)[-3:] == list(HOSTILE)
    assert page.locator("#log img, #log script").count() == 0
    assert_fits(page)


def test_what_is_written_offline_is_sent_later(open_page: Open) -> None:
    page = open_page(f"/chat/{ENGINEER}?lang=en")
    begin(page)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("You are offline")
    page.locator("#words").fill("I wrote this under the ground.")
    page.keyboard.press("Enter")
    saved(page, "Not sent yet")
    assert_accessible(page)
    page.context.set_offline(False)
    saved(page, "Saved")
    expect(page.locator("#offline")).to_be_empty()
    assert own_words(page).count("I wrote this under the ground.") == 1
