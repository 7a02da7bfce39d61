"""When candidates are reminded: hours, nights, time zones, and when to look next."""

import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bootstrap import build_reminders
from bot.commands.errors import explain
from bot.reminders import NEVER, Reminders
from bot.settings import Settings
from dialogues.state import State, Status
from tests.helpers import settings_in

HOUR, DAY = 3600.0, 86_400.0
WEEK = 7 * DAY
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ONCE = Reminders((DAY,), (22, 8), SHANGHAI)


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def state(heard: float, reminded: int = 0, status: Status = "asking") -> State:
    return State(status=status, consented=True, heard_at=heard, reminded=reminded)


# What is due


def test_a_reminder_is_due_after_its_hours() -> None:
    heard = at("2026-03-02T10:00")
    assert ONCE.due(state(heard), heard + DAY - 1, WEEK) is None
    due = ONCE.due(state(heard), heard + DAY, WEEK)
    assert due is not None
    assert (due.idle_seconds, due.number, due.told) == (DAY, 1, True)
    assert due.until == "2026-03-09 10:00 (UTC+8)"
    assert ONCE.due(state(heard, reminded=1), heard + DAY, WEEK) is None


def test_of_several_that_were_missed_the_last_is_made() -> None:
    three = Reminders((DAY, 2 * DAY, 3 * DAY))
    heard = at("2026-03-02T10:00")
    due = three.due(state(heard), heard + 2.5 * DAY, WEEK)
    assert due is not None
    assert (due.number, due.idle_seconds) == (2, 2 * DAY)
    assert three.due(state(heard, reminded=2), heard + 2.5 * DAY, WEEK) is None


@pytest.mark.parametrize("status", ["consent", "human", "finished", "withdrawn", "expired"])
def test_only_those_who_are_asked_or_pause_are_reminded(status: Status) -> None:
    assert ONCE.due(state(0.0, status=status), at("2026-03-02T10:00"), WEEK) is None


def test_nobody_is_reminded_at_night() -> None:
    heard = at("2026-03-02T23:30")
    assert ONCE.due(state(heard), heard + DAY, WEEK) is None
    assert ONCE.due(state(heard), at("2026-03-04T07:59:59"), WEEK) is None
    assert ONCE.due(state(heard), at("2026-03-04T08:00"), WEEK) is not None


# When to look next


def test_the_next_look_is_at_the_reminder_then_daily_then_at_the_end() -> None:
    heard = at("2026-03-02T10:00")
    assert ONCE.first_look(WEEK) == DAY
    assert ONCE.next_look(state(heard), heard, WEEK) == DAY
    assert ONCE.next_look(state(heard), heard + HOUR, WEEK) == 23 * HOUR
    assert ONCE.next_look(state(heard, reminded=1), heard + DAY, WEEK) == DAY
    assert ONCE.next_look(state(heard, reminded=1), heard + 6.5 * DAY, WEEK) == DAY / 2


def test_a_reminder_that_falls_into_the_night_waits_for_the_morning() -> None:
    heard = at("2026-03-02T23:30")
    assert ONCE.next_look(state(heard), heard + DAY, WEEK) == 8.5 * HOUR
    late = Reminders((DAY / 2,), (22, 8), SHANGHAI)
    heard = at("2026-03-02T13:00")
    assert late.next_look(state(heard), at("2026-03-02T21:00"), WEEK) == 11 * HOUR
    assert late.next_look(state(heard), at("2026-03-03T01:00"), WEEK) == 7 * HOUR


def test_the_end_does_not_wait_for_the_morning() -> None:
    heard = at("2026-03-02T12:00")
    short = Reminders((11 * HOUR,), (22, 8), SHANGHAI)
    assert short.next_look(state(heard), at("2026-03-02T22:00"), 14 * HOUR) == 4 * HOUR


def test_with_a_person_it_is_looked_at_daily_and_nothing_is_due() -> None:
    far = at("2026-03-02T12:00")
    assert ONCE.next_look(state(0.0, status="human"), far, WEEK) == DAY
    assert NEVER.next_look(state(0.0, status="human"), far, WEEK) == WEEK


@given(
    hours=st.lists(st.integers(1, 200), max_size=3, unique=True).map(sorted),
    night=st.none()
    | st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda n: n[0] != n[1]),
    zone=st.sampled_from(
        [SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]
    ),
    start=st.integers(1_770_000_000, 1_800_000_000),
    visits=st.lists(st.integers(1, 100), max_size=4),
)
def test_a_timer_that_follows_the_looks_misses_nothing(
    hours: list[int], night: tuple[int, int] | None, zone: Any, start: int, visits: list[int]
) -> None:
    """Every reminder is made at its time, or at the end of that night; the end comes at its time."""
    reminders = Reminders(tuple(hour * HOUR for hour in hours), night, zone)
    heard, reminded = float(start), 0
    arrivals = [start + 3600.0 * sum(visits[: i + 1]) for i in range(len(visits))]
    now = start + reminders.first_look(WEEK)
    for _ in range(1000):
        while arrivals and arrivals[0] <= now and arrivals[0] - heard < WEEK:
            heard, reminded = arrivals.pop(0), 0
        if now - heard >= WEEK:
            assert now == heard + WEEK
            return
        due = reminders.due(state(heard, reminded), now, WEEK)
        if due is not None:
            assert now == reminders.after_night(heard + due.idle_seconds)
            assert not reminders.is_night(now)
            reminded = due.number
        wait = reminders.next_look(state(heard, reminded), now, WEEK)
        assert 0 < wait <= reminders.first_look(WEEK)
        now += wait
    raise AssertionError("it never ends")


# Nights


@pytest.mark.parametrize(
    ("night", "hours"),
    [((22, 8), {22, 23, *range(8)}), ((0, 6), set(range(6))), ((20, 0), {20, 21, 22, 23})],
)
def test_the_hours_of_a_night(night: tuple[int, int], hours: set[int]) -> None:
    reminders = Reminders((DAY,), night, SHANGHAI)
    day = at("2026-03-02T00:30")
    assert {hour for hour in range(24) if reminders.is_night(day + hour * HOUR)} == hours


@pytest.mark.parametrize(
    ("moment", "morning"),
    [
        ("2026-03-02T21:59:59", "2026-03-02T21:59:59"),
        ("2026-03-02T22:00", "2026-03-03T08:00"),
        ("2026-03-03T00:00", "2026-03-03T08:00"),
        ("2026-03-03T07:59:59", "2026-03-03T08:00"),
        ("2026-03-03T08:00", "2026-03-03T08:00"),
        # The clocks go forward on 29 March 2026 and back on 25 October, in Berlin.
        ("2026-03-28T23:00", "2026-03-29T08:00"),
        ("2026-10-24T23:00", "2026-10-25T08:00"),
    ],
)
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN], ids=str)
def test_the_end_of_a_night(zone: ZoneInfo, moment: str, morning: str) -> None:
    reminders = Reminders((DAY,), (22, 8), zone)
    assert reminders.after_night(at(moment, zone)) == at(morning, zone)


def test_nights_are_an_hour_shorter_and_longer_when_clocks_change() -> None:
    reminders = Reminders((DAY,), (22, 8), BERLIN)
    for evening, hours in (("2026-03-28T22:00", 9), ("2026-10-24T22:00", 11)):
        begins = at(evening, BERLIN)
        assert reminders.after_night(begins) - begins == hours * HOUR


def test_a_night_that_ends_in_an_hour_that_is_left_out_or_there_twice() -> None:
    reminders = Reminders((DAY,), (22, 2), BERLIN)
    assert reminders.after_night(at("2026-03-29T01:30", BERLIN)) == at("2026-03-29T03:00", BERLIN)
    assert reminders.after_night(at("2026-10-25T01:30", BERLIN)) == at("2026-10-25T02:00", BERLIN)
    until_three = Reminders((DAY,), (22, 3), BERLIN)
    for fold in (0, 1):
        moment = at("2026-10-25T02:30", BERLIN, fold)
        assert until_three.after_night(moment) == at("2026-10-25T03:00", BERLIN)


@given(
    moment=st.floats(1.7e9, 1.9e9),
    night=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda n: n[0] != n[1]),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe"]
    ),
)
def test_after_the_night_it_is_day(moment: float, night: tuple[int, int], zone: str) -> None:
    reminders = Reminders((DAY,), night, ZoneInfo(zone))
    after = reminders.after_night(moment)
    assert moment <= after < moment + 25 * HOUR
    assert not reminders.is_night(after)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Shanghai", "2026-03-02 10:00 (UTC+8)"),
        ("Asia/Kolkata", "2026-03-02 07:30 (UTC+5:30)"),
        ("America/New_York", "2026-03-01 21:00 (UTC-5)"),
        ("UTC", "2026-03-02 02:00 (UTC)"),
    ],
)
def test_a_moment_names_its_zone(zone: str, said: str) -> None:
    assert Reminders(zone=ZoneInfo(zone)).moment(at("2026-03-02T10:00:59")) == said


# Settings


def test_by_default_once_after_a_day_and_not_at_night(tmp_path: Path) -> None:
    assert build_reminders(settings_in(tmp_path)) == ONCE


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIANTAN_REMIND_HOURS", "48, 24,24")
    monkeypatch.setenv("MIANTAN_NIGHT", "23-24")
    monkeypatch.setenv("MIANTAN_TIMEZONE", "Europe/Berlin")
    found = build_reminders(settings_in(tmp_path))
    assert found == Reminders((DAY, 2 * DAY), (23, 0), BERLIN)


@pytest.mark.parametrize("never", ["never", " Never "])
def test_never(monkeypatch: pytest.MonkeyPatch, never: str) -> None:
    """In the environment an empty text counts as not set, so there is a word for it."""
    monkeypatch.setenv("MIANTAN_REMIND_HOURS", never)
    monkeypatch.setenv("MIANTAN_NIGHT", never)
    settings = Settings()
    assert (settings.remind_hours, settings.night_hours) == ([], None)
    assert build_reminders(settings).first_look(WEEK) == WEEK
    assert Settings(remind_hours="", night="").remind_hours == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REMIND_HOURS", "a day"),
        ("REMIND_HOURS", "24,0"),
        ("REMIND_HOURS", "-1"),
        ("REMIND_HOURS", "nan"),
        ("REMIND_HOURS", "inf"),
        ("NIGHT", "22"),
        ("NIGHT", "8-8"),
        ("NIGHT", "0-24"),
        ("NIGHT", "22-25"),
        ("NIGHT", "22:00-08:00"),
        ("TIMEZONE", "Mars/Phobos"),
        ("TIMEZONE", "Asia"),
        ("TIMEZONE", "../etc/passwd"),
        ("TIMEZONE", "x" * 300),
    ],
)
def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MIANTAN_{name}", value)
    with pytest.raises(ValueError) as caught:
        Settings()
    line, code = explain(caught.value) or ("", 0)
    assert line.startswith(f"the setting MIANTAN_{name}: ")
    assert line.endswith("; correct it")
    assert ("\n" in line, "Value error" in line, code) == (False, False, 2)
