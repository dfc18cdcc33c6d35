"""How long an answer may still be used: `served.fresh_for`, whichever way it came."""

from __future__ import annotations

import pytest

from irclient import IRClient, StaticToken
from irclient.queries import Personalize
from irclient.settings import Caching, Fallback, Settings
from irclient.testing import ScriptedService, example_pair


def client(service: ScriptedService, **caching: float | bool) -> IRClient:
    return IRClient(
        example_pair(),
        credential=StaticToken("t"),
        settings=Settings(caching=Caching(**caching)),
        fallback=Fallback(queries=(), items=("9",)),
        transport=service,
    )


def test_a_new_answer_may_be_used_for_all_of_its_time() -> None:
    assert client(ScriptedService(), fresh_for=30.0).popular().served.fresh_for == 30.0


def test_an_answer_from_memory_may_be_used_for_what_is_left() -> None:
    ir = client(ScriptedService(), fresh_for=30.0)
    ir.popular()
    served = ir.popular().served
    assert served.source == "cache"
    assert served.fresh_for == pytest.approx(30.0 - served.age)
    assert 0 < served.age < 10


def test_each_call_goes_by_its_own_settings() -> None:
    ir = client(ScriptedService(), fresh_for=30.0)
    ir.popular()
    served = ir.with_options(caching=Caching(fresh_for=90.0)).popular().served
    assert served.source == "cache"
    assert 80 < served.fresh_for < 90


def test_what_is_not_kept_may_not_be_used_again() -> None:
    assert client(ScriptedService(), enabled=False).popular().served.fresh_for == 0
    ir = client(ScriptedService())
    assert ir.fetch(Personalize("u", ("1", "2"))).served.fresh_for == 0
    assert ir.picks(session_id="s").served.fresh_for == 0


def test_what_is_stale_or_a_fallback_may_not_be_used_again() -> None:
    service = ScriptedService()
    ir = client(service, fresh_for=1e-6)
    ir.popular()
    assert ir.popular().served.source == "stale"
    assert ir.popular().served.fresh_for == 0
    service.on().fail(503)
    served = ir.similar("7").served
    assert served.source == "fallback"
    assert served.fresh_for == 0


def test_copies_and_dicts_of_an_answer_say_the_same() -> None:
    ir = client(ScriptedService(), fresh_for=30.0)
    ir.popular()
    answer = ir.popular()
    assert answer.model_copy().served == answer.served
    assert answer.to_dict(served=True)["served"]["fresh_for"] == answer.served.fresh_for
