"""A token that somebody else looks after."""

from __future__ import annotations

import pickle

import pytest

from irclient.auth import StaticToken
from irclient.errors import ConfigurationError


def test_it_is_read_as_it_was_given_and_has_no_successor():
    token = StaticToken("abc.def")
    assert token.read(0.0).token == "abc.def"
    assert token.reject("abc.def", 1.0) is False
    assert token.read(2.0).token == "abc.def"


@pytest.mark.parametrize("given", ["", " ", "abc\n", "Bearer abc", "abc\r\nX: y", "tökén", None, 7])
def test_what_cannot_stand_in_a_header_is_refused_without_being_quoted(given):
    with pytest.raises(ConfigurationError, match="visible ASCII") as refused:
        StaticToken(given)
    assert "abc" not in str(refused.value)


def test_neither_its_repr_nor_a_pickle_shows_the_token():
    token = StaticToken("abc.def")
    assert repr(token) == "StaticToken(…)"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(token)
