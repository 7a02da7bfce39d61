"""Once in a while."""

from bot.seldom import Seldom


def test_each_key_has_its_own_time_and_nothing_is_kept_longer() -> None:
    now = 0.0
    seldom = Seldom(4.0, lambda: now)
    assert [seldom.may("a"), seldom.may("a"), seldom.may("b")] == [True, False, True]
    now = 3.9
    assert not seldom.may("a")
    now = 4.0
    assert seldom.may("a")
    now = 9.0
    assert seldom.may("c")
    assert list(seldom._until) == ["c"]
