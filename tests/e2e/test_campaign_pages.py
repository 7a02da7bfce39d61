"""The console's campaigns in a browser: copied, invited, mended, sent again and revoked."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.bootstrap import Application
from bot.web.console_texts import TEXTS
from tests.campaigns import CAMPAIGN, all_invitations, close, interviews_came, invite, was_sent
from tests.console import PASSWORD, link_of
from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits
from tests.helpers import build_in
from tests.mail_server import MailServer

pytestmark = pytest.mark.browser

HOME = f"/console/campaigns/{CAMPAIGN}"
ZH, EN = TEXTS["zh"]["campaign_pages"], TEXTS["en"]["campaign_pages"]
MONTH = 30 * 86_400.0


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def application(
    tmp_path_factory: pytest.TempPathFactory, mail: MailServer
) -> Iterator[Application]:
    """Campaigns with sources, shared codes, and invitations in every state."""
    built = build_in(
        tmp_path_factory.mktemp("home"),
        public_url="http://interviews.example",
        telegram_bot="example_bot",
        smtp_url=mail.url,
        mail_from="hr@example.com",
    )
    now = built.pipeline.now()
    for number, source in enumerate(("A 校区", "Campus B with a rather long name", "")):
        interviews_came(built, source, "web", 9, 6 - number)
        interviews_came(built, source, "telegram", 4, number)
        invite(built, at=-MONTH, source=source, max_uses=200 if number else None)
    for number in range(6):
        ends = {"expires_at": now + (MONTH if number % 3 else -MONTH)}
        one = invite(built, f"候选人{number}", at=number - 60, source="A 校区", **ends)
        was_sent(built, one, ("sent", "failed", "failed")[number % 3], tries=2)
    close(built, "sales-representative")
    yield built
    built.close()


def enter(open_page: Open, application: Application, path: str, **options: object) -> Page:
    """A page of the console, signed in by a one-time link."""
    page = open_page(f"/console/enter?token={link_of(application)}", **options)
    for label in ("password", "again"):
        page.locator(f"#{label}").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/console")
    page.goto(page.url.removesuffix("/console") + path)
    return page


def unfold(page: Page) -> None:
    for folded in page.locator("main details").all():
        folded.locator("summary").click()


def test_from_the_list_to_mail(open_page: Open, application: Application, mail: MailServer) -> None:
    page = enter(open_page, application, "/console", locale="zh-CN")
    page.get_by_role("link", name=ZH["title"]).click()
    page.wait_for_url("**/console/campaigns")
    page.keyboard.press("j")
    expect(page.locator("[data-row]:focus")).to_have_count(1)
    page.get_by_role("link", name="软件工程师").click()
    page.locator("#people > summary").click()
    page.get_by_label(ZH["list"]).fill("姓名,邮箱\n新候选人,nowhere")
    page.locator("#people-source").fill("C 校区")
    page.get_by_role("radio", name=ZH["vias"]["email"]).check()
    page.get_by_role("button", name=ZH["invite_do"], exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("名单里有 1 处要改")
    expect(page.locator(".mending tbody")).to_contain_text("“nowhere”不是邮箱地址")
    listed = page.get_by_label(ZH["list"])
    expect(listed).to_be_focused()
    expect(page.get_by_role("radio", name=ZH["vias"]["email"])).to_be_checked()
    listed.fill("姓名,邮箱\n新候选人,new@example.org")
    page.get_by_role("button", name=ZH["invite_do"], exact=True).click()
    expect(page.locator(".done")).to_contain_text("新邀请 1 人")
    row = page.locator(".invitations tr", has_text="新候选人")
    expect(row).to_contain_text("C 校区")
    wait_for_mail(mail, "new@example.org")
    page.reload()
    row.get_by_role("link").click()
    expect(page.locator("#sendings")).to_contain_text("the mail server took it")
    page.locator("#revoke > summary").click()
    page.get_by_role("button", name=ZH["revoke_do"], exact=True).click()
    expect(page.locator("h1")).to_contain_text(ZH["stages"]["revoked"])
    page.keyboard.press("u")
    page.wait_for_url(f"**{HOME}#invitations")


def wait_for_mail(mail: MailServer, address: str) -> None:
    """Though Playwright's loop runs in this thread."""

    async def arrived() -> None:
        async with asyncio.timeout(20):
            while address not in mail.recipients:
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=[arrived()])
    thread.start()
    thread.join()
    assert address in mail.recipients


def test_a_list_in_a_file_and_a_failed_sending(
    open_page: Open, application: Application, mail: MailServer, tmp_path: Path
) -> None:
    page = enter(open_page, application, HOME, locale="en-GB")
    file = tmp_path / "people.csv"
    file.write_text("name,email\nCandidate Two,file@example.org\n", encoding="utf-8")
    page.locator("#people > summary").click()
    page.locator("#people-file").set_input_files(file)
    page.get_by_role("button", name=EN["invite_do"], exact=True).click()
    expect(page.locator(".invitations")).to_contain_text("Candidate Two")
    page.locator(".chips").get_by_role("link", name=EN["shows"]["failed"]).click()
    page.wait_for_url("**?show=failed#invitations")
    before = len(mail.taken)
    page.locator(".c-sendings button").first.click()
    page.wait_for_url("**?show=failed#i-*")
    wait_for_mail(mail, "one@example.org")
    assert len(mail.taken) == before + 1


def test_a_code_is_made_and_its_link_copied(open_page: Open, application: Application) -> None:
    page = enter(open_page, application, HOME, locale="zh-CN")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#code > summary").click()
    page.locator("#code-source").fill("D 校区")
    page.locator("#code-limit").fill("many")
    page.get_by_role("button", name=ZH["make_code_do"], exact=True).click()
    expect(page.locator("#code-limit")).to_be_focused()
    expect(page.locator("#code-source")).to_have_value("D 校区")
    page.locator("#code-limit").fill("30")
    page.get_by_role("button", name=ZH["make_code_do"], exact=True).click()
    page.wait_for_url("**/invitations/*")
    expect(page.locator("h1")).to_contain_text(ZH["shared_code"])
    link = page.locator("#link-web").inner_text()
    assert f"/chat/{CAMPAIGN}?invitation=" in link
    page.get_by_role("button", name=f"{ZH['copy_link']} 网页").click()
    expect(page.get_by_text(ZH["copied"])).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    for image in page.locator(".ways img").all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0
    with page.expect_download() as downloading:
        page.locator(".ways a", has_text="PNG").first.click()
    assert downloading.value.suggested_filename.endswith("-web.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("device", [PHONE, {}], ids=["phone", "desk"])
def test_every_page_is_accessible(
    open_page: Open, application: Application, scheme: str, language: str, device: dict[str, object]
) -> None:
    page = enter(
        open_page, application, "/console/campaigns", locale=language, color_scheme=scheme, **device
    )
    site = page.url.removesuffix("/console/campaigns")
    rows = all_invitations(application)
    shown = [rows[0], *(row for row in rows if row.kind == "personal")][:4]
    done = "new=3&before=1&sending=2&at=1.0"
    addresses = [
        "/console/campaigns",
        HOME,
        f"{HOME}?show=failed&{done}",
        f"{HOME}?older=1.0-x",
        "/console/campaigns/sales-representative",
        *(f"{HOME}/invitations/{row.id}" for row in shown),
        f"{HOME}/invitations/nothing",
    ]
    for address in addresses:
        page.goto(site + address)
        unfold(page)
        assert_accessible(page)
        assert_fits(page)
    page.goto(site + HOME)
    unfold(page)
    page.locator("#people-list").fill("name,email\nOne,nowhere\nTwo,nowhere")
    page.locator("#people button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)


def test_everything_works_without_scripts(open_page: Open, application: Application) -> None:
    page = enter(open_page, application, HOME, locale="en-GB", java_script_enabled=False)
    expect(page.locator("[data-copy]").first).to_be_hidden()
    expect(page.locator(".invitations time").first).to_contain_text("UTC")
    page.locator("#code > summary").click()
    page.get_by_role("button", name=EN["make_code_do"], exact=True).click()
    page.wait_for_url("**/invitations/*")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_contain_text(ZH["shared_code"])
