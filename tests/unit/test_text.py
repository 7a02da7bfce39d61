"""Cleaning of text from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1b[0m", "ab[0m"),
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree"),
        ("\ta\tb ", "a\tb"),
        ("面谈\ud83d 👍", "面谈 👍"),
        ("\u3000全角\u3000", "全角"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("\x7f\x80\x9f", ""),
        ("", ""),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters()))
def test_cleaned_text_can_be_stored_and_stays(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned
