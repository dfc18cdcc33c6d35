import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient.cooking.strings import Strings


@given(st.lists(st.text(), unique=True))
def test_texts_come_back_and_are_found(texts):
    column = Strings.of(texts)

    assert list(column) == texts
    assert [column.find(text) for text in texts] == list(range(len(texts)))


@given(st.lists(st.text(), unique=True), st.text())
def test_a_text_that_is_not_there_is_not_found(texts, other):
    assert (Strings.of(texts).find(other) is not None) == (other in texts)
    assert (other in Strings.of(texts)) == (other in texts)


def test_it_is_a_sequence():
    column = Strings.of(["a", "b", "c"])

    assert column[-1] == "c"
    assert column[1:] == ["b", "c"]
    assert len(column) == 3
    assert 3 not in column
    with pytest.raises(IndexError):
        column[3]


def test_a_column_without_an_order_cannot_be_searched():
    parts = Strings.of(["a"]).arrays

    with pytest.raises(TypeError, match="cannot be searched"):
        Strings(parts["data"], parts["offsets"]).find("a")


def test_several_places_are_read_at_once_and_what_was_looked_for_is_found_again():
    column = Strings.of(["b", "", "ü", "a"])
    assert column.at([2, 0, 1, 2]) == ["ü", "b", "", "ü"]
    assert column.at([]) == []
    for _ in range(2):
        assert [column.find(each) for each in ("a", "b", "", "ü", "c")] == [3, 0, 1, 2, None]
    for number in range(10_000):
        column.find(f"no such text {number}")
    assert column.find("ü") == 2
