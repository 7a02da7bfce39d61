"""Invitation codes: how they are made, typed and read; links and QR codes."""

import re
import string
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.invitations import qr
from bot.invitations.links import Places
from bot.security.codes import ALPHABET, LENGTH, grouped, new_code, normal_code

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_new_codes_fit_every_platform_and_differ() -> None:
    codes = {new_code() for _ in range(2_000)}
    assert len(codes) == 2_000
    for code in codes:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code), "Telegram's start payload"
        assert normal_code(code) == code
    assert set("".join(codes)) == set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


@given(CODES, st.data())
def test_a_code_is_read_however_it_is_typed(code: str, data: st.DataObject) -> None:
    typed = ""
    for sign in code:
        looks = {"0": "0Oo", "1": "1IiLl"}.get(sign, sign + sign.lower())
        typed += data.draw(st.sampled_from(looks)) + data.draw(
            st.sampled_from(["", "", "", " ", "-", "–", "\u3000", "\u00a0"])
        )
    assert normal_code(typed) == code
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in typed)
    assert normal_code(wide) == code
    assert normal_code(grouped(code)) == code


@given(st.text(max_size=80))
def test_reading_is_settled_by_one_reading(text: str) -> None:
    code = normal_code(text)
    if code is not None:
        assert len(code) == LENGTH
        assert normal_code(code) == code


@pytest.mark.parametrize(
    "text",
    ["", " ", "012345678", "01234567890", "0123456U89", "01234_6789", "campus-software-engineer",
     "https://x/?c=0", "0" * 10_000, "-" * 64, "０１２３４５６７８九"],
)  # fmt: skip
def test_what_is_no_code(text: str) -> None:
    assert normal_code(text) is None


def test_a_code_is_read_aloud_in_two_groups() -> None:
    assert grouped("0123456789") == "01234-56789"


# Links


@given(CODES)
def test_links(code: str) -> None:
    places = Places("https://interviews.example/", "example_bot")
    assert places.of_code("autumn", code) == {
        "web": f"https://interviews.example/chat/autumn?invitation={code}",
        "telegram": f"https://t.me/example_bot?start={code}",
    }


def test_links_of_a_campaign_that_is_open_to_all() -> None:
    assert Places("http://127.0.0.1:8000").of_campaign("autumn") == {
        "web": "http://127.0.0.1:8000/chat/autumn"
    }


def test_wechat_makes_its_own_addresses() -> None:
    places = Places("https://i.example", wechat={"0123456789": "http://weixin.qq.com/q/02abc"})
    assert places.of_code("a", "0123456789")["wechat"] == "http://weixin.qq.com/q/02abc"
    assert "wechat" not in places.of_code("a", "9876543210")


@pytest.mark.parametrize("bot", ["@example_bot", "bot", "my bot", "https://t.me/x", "a" * 33])
def test_wrong_names_of_bots(bot: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        Places("https://i.example", bot)


# QR codes

LINK = "https://interviews.example/chat/autumn?invitation=0123456789"


def _png_size(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(image[16:20]), int.from_bytes(image[20:24])


def test_qr_codes_are_drawn_with_a_quiet_zone() -> None:
    root = ET.fromstring(qr.svg(LINK))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    width, height = _png_size(qr.png(LINK))
    modules = width // qr.PNG_SCALE - 2 * qr.QUIET_ZONE
    assert width == height
    assert (modules - 17) % 4 == 0, "a version of ISO/IEC 18004 has 17 + 4n modules"
    assert modules == int(root.attrib["width"]) // qr.SVG_SCALE - 2 * qr.QUIET_ZONE


@given(st.text(string.ascii_letters + string.digits + "/?=&-", min_size=1, max_size=200))
def test_the_same_link_is_drawn_the_same(text: str) -> None:
    assert qr.svg(text) == qr.svg(text)
    assert qr.png(text) == qr.png(text)
