"""What a fleet has forgotten, and which entries that covers."""

from __future__ import annotations

from irclient._core.forgotten import Forgotten, Mark


def item(at: float, what: str) -> Mark:
    return Mark(at, "item", what, "somebody")


def test_nothing_is_covered_before_anything_was_forgotten() -> None:
    forgotten = Forgotten()
    assert not forgotten.may_concern(5.0)
    assert not forgotten.covers(5.0, ["x"])


def test_an_item_covers_what_is_older_and_holds_it() -> None:
    forgotten = Forgotten()
    forgotten.hear([item(10.0, "x")])
    assert forgotten.covers(10.0, ["a", "x"])
    assert not forgotten.covers(10.001, ["a", "x"])
    assert not forgotten.covers(10.0, ["a"])
    assert forgotten.may_concern(10.0)
    assert not forgotten.may_concern(10.001)


def test_everything_covers_all_that_is_older() -> None:
    forgotten = Forgotten()
    forgotten.hear([Mark(10.0, "all", "", "somebody")])
    assert forgotten.covers(10.0)
    assert not forgotten.covers(10.001)


def test_a_user_covers_no_entry_for_those_are_deleted() -> None:
    forgotten = Forgotten()
    forgotten.hear([Mark(10.0, "user", "x", "somebody")])
    assert not forgotten.covers(5.0, ["x"])


def test_marks_may_come_in_any_order() -> None:
    forgotten = Forgotten()
    forgotten.hear([item(10.0, "x"), item(5.0, "x")])
    assert forgotten.covers(7.0, ["x"])


def test_no_more_items_are_known_than_a_server_tells_of() -> None:
    forgotten = Forgotten()
    forgotten.hear([item(float(at), str(at)) for at in range(5000)])
    assert forgotten.covers(0.0, ["4999"])
    assert not forgotten.covers(0.0, ["0"])
