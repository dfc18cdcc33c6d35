"""The list methods teach: each says what it takes, gives and raises, as its query class does."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import inspect
import traceback
from pathlib import Path

import anyio
import pytest

from irclient import AsyncIRClient, IRClient, QueryError, ServiceEndpoint, StaticToken, queries
from irclient.testing import ScriptedService

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "list_methods.py"
CLIENTS = [IRClient, AsyncIRClient]
KINDS = [
    kind for kind in vars(queries).values() if isinstance(kind, type) and "operation" in vars(kind)
]
A = ServiceEndpoint("a", "web", tps=100)

each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.operation)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("list_methods", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(client):
    return client(A, credential=StaticToken("t"), transport=ScriptedService(A))


@each_client
def test_the_methods_are_those_that_the_script_writes(script, client) -> None:
    """Or the queries were changed: run `make list-methods`."""
    there = script.path_of(client.__name__).read_text("utf-8")
    assert ast.dump(ast.parse(there)) == ast.dump(ast.parse(script.module(client.__name__)))


@each_client
@each_kind
def test_a_method_says_of_each_argument_what_its_query_says(client, kind, script) -> None:
    said = " ".join((inspect.getdoc(getattr(client, kind.operation)) or "").split())
    for name, words in script.attributes(kind).items():
        assert f"{name}: {words}" in said
    for section in ("Args:", "Returns:", "Raises: QueryError:", "IRError:", "Example: >>>"):
        assert section in said


@each_client
@each_kind
def test_a_method_names_what_it_gives(client, kind) -> None:
    method = getattr(client, kind.operation)
    gives = "Selectors" if kind is queries.ItemSelectors else "RecommendationList"
    expected = gives if client is IRClient else f"Coroutine[Any, Any, {gives}]"
    assert inspect.signature(method).return_annotation == expected


async def value_of(expression: str, ir: object) -> object:
    """What an example gives, with ``await`` where it stands."""
    code = compile(expression, "<example>", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = eval(code, {"ir": ir})
    return await value if inspect.isawaitable(value) else value


@each_client
@each_kind
def test_the_example_of_a_method_gives_what_it_says(client, kind) -> None:
    text = inspect.getdoc(getattr(client, kind.operation)) or ""
    [example] = doctest.DocTestParser().get_examples(text)
    value = anyio.run(value_of, example.source.strip(), made(client))
    assert repr(value) == example.want.strip()


def asked(client, method: str, *arguments: object) -> object:
    """Call a method, and wait for it where it is to be awaited."""

    async def wait() -> object:
        answer = getattr(made(client), method)(*arguments)
        return await answer if inspect.isawaitable(answer) else answer

    return anyio.run(wait)


@each_client
@pytest.mark.parametrize(
    ("method", "argument"),
    [("similar", 64702), ("similar", ["64702"]), ("picks", 7), ("cart", "64702"), ("fetch", "x")],
)
def test_a_wrong_argument_shows_one_short_traceback(client, method, argument) -> None:
    with pytest.raises(QueryError) as caught:
        asked(client, method, argument)
    printed = "".join(traceback.format_exception(caught.value)).splitlines()
    # 3.13 underlines most lines with a line of carets.
    shown = [line for line in printed if line.strip(" ~^")]
    assert sum(line.startswith("Traceback") for line in shown) == 1
    ours = [line for line in shown if "asyncio" not in line and "anyio" not in line]
    first = next(at for at, line in enumerate(ours) if "in wait" in line)
    assert len(ours) - first < 20
    assert caught.value.__context__ is None


def test_what_is_asked_again_is_neither_checked_nor_made_again(monkeypatch) -> None:
    ir = made(IRClient)
    given = {"count": 3, "filters": {"Color": ["red"]}, "refinements": ["A"], "params": {"p": "1"}}
    first = ir.similar("1", **given)

    def refuse(self) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(queries.Similar, "__post_init__", refuse)
    assert ir.similar("1", **given).query is first.query
