"""A plain copy says what its model says."""

from __future__ import annotations

from irclient import Caching, Settings, Timeouts
from irclient._values.plain import plain_copy


def test_a_plain_copy_has_every_value_of_its_model() -> None:
    settings = Settings(timeouts=Timeouts(deadline=7), caching=Caching(enabled=False))
    plain = plain_copy(settings)
    for group in Settings.model_fields:
        given, copied = getattr(settings, group), getattr(plain, group)
        for name in type(given).model_fields:
            assert getattr(copied, name) == getattr(given, name), (group, name)


def test_plain_copies_are_equal_where_their_models_are() -> None:
    seven, eight = (Settings(timeouts=Timeouts(deadline=number)) for number in (7, 8))
    again = Settings(timeouts=Timeouts(deadline=7))
    assert plain_copy(seven) == plain_copy(again) != plain_copy(eight)
    assert plain_copy(seven) != seven
