"""The errors: their tree, and that they survive a process boundary with all they know."""

from __future__ import annotations

import copy
import pickle
import re
from concurrent.futures import ProcessPoolExecutor

import pytest

from irclient import errors
from irclient.attempts import Attempt

ATTEMPT = Attempt(
    endpoint="a/web", outcome="failed", status=500, reason="500", started_after=0, elapsed=0.1
)
KINDS = [getattr(errors, name) for name in errors.__all__ if name != "Attempt"]
EXTRAS = {
    errors.QueryError: {"status": 404},
    errors.AuthenticationError: {"code": "AADSTS7000215"},
    errors.Throttled: {"retry_after": 1.5},
    errors.Unavailable: {"retry_after": 4.5},
    errors.DeadlineExceeded: {"retry_after": 1.0},
}


def make(kind: type[errors.IRError]) -> errors.IRError:
    return kind("what happened", attempts=(ATTEMPT, ATTEMPT), **EXTRAS.get(kind, {}))


def test_the_tree_is_the_one_in_the_docs() -> None:
    tree = re.findall(r"^([│ ]*)[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    told = {"IRError": "Exception"}
    for indent, name in tree:
        told[name] = "Unavailable" if indent else "IRError"
    assert {kind.__name__: kind.__base__.__name__ for kind in KINDS} == told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_with_its_attempts_and_fields(kind, protocol) -> None:
    error = make(kind)
    error.add_note("while warming the home page")
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is kind
    assert str(again) == "what happened"
    assert again.args == ("what happened",)
    assert again.attempts == (ATTEMPT, ATTEMPT)
    assert again.__notes__ == ["while warming the home page"]
    for name, value in EXTRAS.get(kind, {}).items():
        assert getattr(again, name) == value


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_copying(kind) -> None:
    assert vars(copy.deepcopy(make(kind))) == vars(make(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_attempts_are_empty_when_nothing_was_sent(kind) -> None:
    extra = {"retry_after": 1.0} if kind is errors.Throttled else {}
    assert kind("no", **extra).attempts == ()


def test_a_subclass_of_a_users_own_survives_too() -> None:
    assert pickle.loads(pickle.dumps(make(OwnError))).attempts == (ATTEMPT, ATTEMPT)


class OwnError(errors.Unavailable):
    """Not ours."""


def raise_throttled() -> None:
    raise errors.Throttled("busy", attempts=(ATTEMPT,), retry_after=2.0)


def test_a_worker_processs_error_arrives_whole() -> None:
    import multiprocessing  # noqa: PLC0415

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        error = pool.submit(raise_throttled).exception(timeout=50)
    assert isinstance(error, errors.Throttled)
    assert (error.retry_after, error.attempts) == (2.0, (ATTEMPT,))


def test_a_configurations_problems_are_told_one_by_one_and_joined() -> None:
    error = errors.ConfigurationError("a is missing", "b must be a number")
    assert str(error) == "a is missing; b must be a number"
    assert pickle.loads(pickle.dumps(error)).problems == ("a is missing", "b must be a number")
