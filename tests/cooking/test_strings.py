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
