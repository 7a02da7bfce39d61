"""Sealing: what is sealed opens in its place with its key, and nowhere else."""

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from bot.security.sealing import (
    NONCE_BYTES,
    ErasedError,
    Key,
    Sealed,
    SealedColumn,
    SealingError,
    load_master_key,
)

ROOT = Path(__file__).parents[2]
KEY = Key(bytes(range(32)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS)
def test_sealed_and_opened(text: str, place: str) -> None:
    sealed = KEY.seal(text, place)
    assert isinstance(sealed, Sealed)
    assert KEY.open(sealed, place) == text
    assert len(sealed) == NONCE_BYTES + len(text.encode()) + 16
    if len(text.encode()) >= 4:
        assert text.encode() not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({KEY.seal("面谈", "p") for _ in range(50)}) == 50


@given(TEXTS, st.text("ab:", max_size=4), st.text("ab:", max_size=4))
def test_another_place_does_not_open(text: str, place: str, other: str) -> None:
    sealed = KEY.seal(text, place)
    if place != other:
        with pytest.raises(SealingError):
            KEY.open(sealed, other)


def test_another_key_does_not_open() -> None:
    sealed = KEY.seal("secret words", "p")
    with pytest.raises(SealingError) as caught:
        Key.random().open(sealed, "p")
    assert str(caught.value) == "p does not open with this key"
    assert "secret" not in repr(caught.value.__context__ or "")


@given(TEXTS, st.data())
def test_any_altered_bit_is_noticed(text: str, data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(text, "p"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealingError):
        KEY.open(Sealed(sealed), "p")


@pytest.mark.parametrize("length", [12, 13, 20, 27, 28, 40])
def test_a_cut_value_does_not_open(length: int) -> None:
    with pytest.raises(SealingError):
        KEY.open(Sealed(KEY.seal("some longer words", "p")[:length]), "p")


def test_what_is_gone_is_erased() -> None:
    for opening in (KEY.open, KEY.unwrap):
        with pytest.raises(ErasedError, match="key:7 is erased"):
            opening(None, "key:7")


def test_keys_are_wrapped_by_the_key_above() -> None:
    person, interview = Key.random(), Key.random()
    stored = (KEY.wrap(person, "person.key:1"), person.wrap(interview, "interview.key:1"))
    sealed = interview.seal("words", "p")
    opened = KEY.unwrap(stored[0], "person.key:1").unwrap(stored[1], "interview.key:1")
    assert opened.open(sealed, "p") == "words"
    for key, place in ((KEY, "person.key:2"), (person, "person.key:1")):
        with pytest.raises(SealingError):
            key.unwrap(stored[0], place)


def test_a_text_is_no_key() -> None:
    with pytest.raises(SealingError, match="32 bytes"):
        KEY.unwrap(KEY.seal("too short", "p"), "p")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(SealingError, match="32 bytes"):
        Key(b"k" * length)


def test_a_key_does_not_show_itself() -> None:
    raw = b"0123456789abcdef0123456789abcdef"
    assert "0123" not in f"{Key(raw)} {Key(raw)!r}"


def test_keyed_hashes_look_up_and_tell_nothing() -> None:
    hashed = KEY.keyed_hash("li@example.com")
    assert hashed == Key(bytes(range(32))).keyed_hash("li@example.com")
    assert (
        len({hashed, KEY.keyed_hash("Li@example.com"), Key.random().keyed_hash("li@example.com")})
        == 3
    )
    assert len(hashed) == 64


# The column


@pytest.mark.parametrize("value", ["words", b"words", bytearray(b"words"), 5, {"a": 1}])
def test_the_column_takes_only_sealed_values(value: object) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("body", SealedColumn))
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        with pytest.raises(StatementError, match="only sealed values"):
            connection.execute(table.insert().values(body=value))
    engine.dispose()


def test_the_column_gives_back_what_it_took() -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("body", SealedColumn))
    engine = sa.create_engine("sqlite://")
    sealed = KEY.seal("面谈", "p")
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"body": sealed}, {"body": None}])
        first, second = connection.execute(sa.select(table.c.body)).scalars()
    engine.dispose()
    assert type(first) is Sealed
    assert KEY.open(first, "p") == "面谈"
    assert second is None


# The master key


def test_the_key_file_is_made_once_for_its_owner(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    made = load_master_key(None, home)
    file = home / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(file.read_text(), validate=False)) == 32
    assert load_master_key(None, home).open(made.seal("x", "p"), "p") == "x"


def test_a_second_process_has_the_same_key(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from bot.security.sealing import load_master_key;"
        "print(load_master_key(None, pathlib.Path(sys.argv[1])).keyed_hash('x'))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said[0] == said[1] == load_master_key(None, tmp_path).keyed_hash("x")


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    given_key = base64.b64encode(bytes(range(32))).decode()
    assert load_master_key(f" {given_key}\n", tmp_path).keyed_hash("x") == KEY.keyed_hash("x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["x", "not base64!", "AAAA", "面谈", "A" * 43])
def test_a_wrong_key_is_refused_without_showing_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(SealingError, match="MIANTAN_MASTER_KEY is not 32 bytes") as caught:
        load_master_key(text, tmp_path)
    (tmp_path / "master.key").write_text(text)
    with pytest.raises(SealingError, match=r"master\.key is not 32 bytes") as in_file:
        load_master_key(None, tmp_path)
    if len(text) > 10:
        assert text not in str(caught.value) + str(in_file.value)
