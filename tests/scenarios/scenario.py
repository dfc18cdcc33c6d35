"""A scenario: what the accounts answer step by step, and what the callers then get.

One TOML file holds one rule. This module turns it into frozen values and knows nothing of who
runs it: the core in virtual time, or a driver in real time.

```toml
rule = "When the primary refuses connections, the secondary answers the same call."
topology = "pair"             # single (a), pair (a, b), active-active (a, b sharing the calls),
                              #   "pair and dr" (a, b, then c, d), or
                              #   split: blue (a, b) and green (c, d)
long = false                  # true: it waits for seconds; worth running in virtual time only
tps = { a = 2 }               # by account; 100 when left out
weights = { blue = 90, green = 10 }     # of the split, by variant

[fallback]                    # left out: there is none
queries = ["popular"]
items = ["16", "37"]

[settings.retries]            # any field of irclient.Settings; caching is off unless turned on
max_attempts = 2

[tokens]                      # left out: one token that is always at hand
renewals = 1                  # so many new tokens may be had after a 401
takes = 0.05                  # the first token must be fetched, which takes so many seconds
error = "AADSTS7000215"       # it cannot be had at all

[[accounts.a]]                # what account a answers, one step after the other; the last step
trouble = "unreachable"       #   repeats; an account without steps answers well
takes = 0.002                 # seconds until it answers; more than the attempt's time: a hang
times = 3                     # the step happens so many times

[[accounts.a]]                # instead of `trouble`:
status = 503                  #   200 when left out
headers = { "retry-after" = "1" }
text = "<html>"               #   the body as it is, or
body = "error_service_unavailable.observed-2022-07.json"    # a sample of the contract, or
ids = ["1"]                   #   a list of these ids; by default of two, named after the account
version = "20220713231250"    # the list's data set

[[calls]]
after = 1.0                   # seconds before each call
times = 10                    # so many calls, each as below
at_once = 40                  # each time so many calls at the same instant, each as below
meanwhile = true              # it is under way while the next calls are made
cancelled_after = 0.005       # seconds until its caller loses interest; nothing comes of it
query = "similar"             # or "popular", "picks", "cart", "selectors", ...
given = { user_id = "u1" }    # fields of the query, instead of those in QUERIES
settings = { timeouts = { deadline = 0.1 } }    # of these calls, instead of the scenario's
weights = { green = 100 }     # the traffic was shifted before
closed = true                 # the client was closed before
served = "b/web"              # who answers: the answer's ids are that account's, or `ids`
split = { "a/web" = 1, "b/web" = 9 }    # instead of `served`: how the calls were shared out
error = "Throttled"           # instead of `served`: the error's class
says = ["429", "TPS"]         # words of its message
retry_after = 1.0             # of the error
source = "cache"              # "service", "cache", "stale" or "fallback"
degraded = true               # "fallback" and "stale" answers are or are not
variant = "green"
attempts = 2
sends = ["a", "b"]            # requests of this call, in order; of calls at once, of all of them
probes = ["a"]                # probes that were sent in the background meanwhile
refreshes = ["a"]             # and requests that refresh the memory
elapsed = 0.012               # seconds, in virtual time
states = { "a/web" = "failing" }        # how endpoints are doing after it
```
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irclient import queries
from irclient._core.protocol import Failure, Trouble
from irclient._wire.responses import Response
from irclient.settings import Fallback, Settings
from irclient.topology import Pair, ServiceEndpoint, TrafficSplit

if TYPE_CHECKING:
    from irclient.topology import Endpoints

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "data" / "contract"
WELL_AFTER = 0.01

A, B, C, D = (ServiceEndpoint(account, "web", tps=100) for account in "abcd")
QUERIES = {
    "new": queries.New(),
    "popular": queries.Popular(),
    "trending": queries.Trending(),
    "similar": queries.Similar("64702"),
    "cart": queries.Cart(("16", "37")),
    "bought_together": queries.BoughtTogether("16"),
    "picks": queries.Picks("user"),
    "personalize": queries.Personalize("user", ("1", "2")),
    "selectors": queries.ItemSelectors("64702"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of an account."""

    outcome: Response | Failure
    takes: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the credential can do."""

    renewals: int = 0
    takes: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One call, and what is expected of it; None and absent mean: anything."""

    query: queries.Query
    after: float = 0.0
    times: int = 1
    at_once: int = 1
    meanwhile: bool = False
    cancelled_after: float | None = None
    settings: Settings
    weights: dict[str, float] = field(default_factory=dict)
    closed: bool = False
    served: str | None = None
    split: dict[str, int] | None = None
    ids: list[str] | None = None
    error: str | None = None
    says: list[str] = field(default_factory=list)
    retry_after: float | None = None
    source: str | None = None
    degraded: bool | None = None
    variant: str | None = None
    attempts: int | None = None
    sends: list[str] | None = None
    probes: list[str] | None = None
    refreshes: list[str] | None = None
    elapsed: float | None = None
    states: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A rule, the situation, and what is expected."""

    name: str
    rule: str
    topology: Endpoints
    settings: Settings
    fallback: Fallback | None
    tokens: Tokens
    accounts: dict[str, tuple[Step, ...]]
    calls: tuple[Expected, ...]
    long: bool

    @property
    def is_for_drivers(self) -> bool:
        """Whether it can be played in real time: quickly, and from where each call waits."""
        return not self.long and not any(each.meanwhile for each in self.calls)

    def step(self, account: str, number: int) -> Step:
        """What an account answers to its request of this number, from 0."""
        steps = self.accounts.get(account) or (Step(well(account), WELL_AFTER),)
        return steps[min(number, len(steps) - 1)]


def scenarios() -> list[Scenario]:
    """Every scenario, by name."""
    return [read(path) for path in sorted(HERE.glob("*.toml"))]


def read(path: Path) -> Scenario:
    """Read one file; a key that means nothing is refused."""
    given = tomllib.loads(path.read_text("utf-8"))
    accounts, settings = given.pop("accounts", {}), given.pop("settings", {})
    scenario = Scenario(
        name=path.stem,
        rule=given.pop("rule"),
        topology=_topology(
            given.pop("topology", "pair"), given.pop("tps", {}), given.pop("weights", {})
        ),
        settings=_settings(settings),
        fallback=_fallback(given.pop("fallback", None)),
        tokens=Tokens(**given.pop("tokens", {})),
        accounts={name: _steps(name, rows) for name, rows in accounts.items()},
        calls=tuple(_expected(row, settings) for row in given.pop("calls")),
        long=given.pop("long", False),
    )
    assert not given, f"{path.name}: unknown keys {sorted(given)}"
    assert set(accounts) <= set("abcd"), f"{path.name}: unknown accounts {sorted(accounts)}"
    return scenario


def well(account: str) -> Response:
    """What an account without any trouble answers."""
    return Response(200, {}, list_of(f"{account}1", f"{account}2"), 0.0)


def list_of(*ids: str, **fields: str) -> bytes:
    """The body of a list of these ids."""
    items = [{"id": each} for each in ids]
    return json.dumps({"items": items, "status": "Success", **fields}).encode()


def _topology(name: str, tps: dict[str, float], weights: dict[str, float]) -> Endpoints:
    a, b, c, d = (replace(each, tps=tps.get(each.account, each.tps)) for each in (A, B, C, D))
    match name:
        case "single":
            return a
        case "pair":
            return Pair(a, b)
        case "active-active":
            return Pair(a, b, mode="active-active")
        case "pair and dr":
            return (Pair(a, b), Pair(c, d))
        case "split":
            return TrafficSplit({"blue": Pair(a, b), "green": Pair(c, d)}, weights=weights)
    raise AssertionError(f"unknown topology {name!r}")


def _fallback(given: dict[str, Any] | None) -> Fallback | None:
    if given is None:
        return None
    named = [QUERIES[name] for name in given.pop("queries", [])]
    return Fallback(queries=named, **given)


def _settings(groups: dict[str, Any]) -> Settings:
    # Memory would answer the second call of nearly every rule: only files about it turn it on.
    return Settings(**{"caching": {"enabled": False}, **groups})


def _steps(account: str, rows: list[dict[str, Any]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for row in rows:
        times, takes = row.pop("times", 1), row.pop("takes", WELL_AFTER)
        steps += [Step(_outcome(account, dict(row)), takes)] * times
    return tuple(steps)


def _outcome(account: str, row: dict[str, Any]) -> Response | Failure:
    if "trouble" in row:
        trouble = Trouble[row.pop("trouble").upper().replace(" ", "_")]
        assert not row, f"unknown keys {sorted(row)}"
        return Failure(trouble, f"the account's {trouble.value}")
    status, headers = row.pop("status", 200), row.pop("headers", {})
    match row:
        case {"text": text, **rest}:
            body = text.encode()
        case {"body": name, **rest}:
            body = (SAMPLES / name).read_bytes()
        case {"ids": ids, **rest}:
            body = list_of(*ids)
        case {"version": version, **rest}:
            body = list_of(f"{account}1", f"{account}2", interactionsVersion=version)
        case rest:
            body = well(account).body
    assert not rest, f"unknown keys {sorted(rest)}"
    return Response(status, headers, body, 0.0)


def _expected(row: dict[str, Any], settings: dict[str, Any]) -> Expected:
    query = replace(QUERIES[row.pop("query", "similar")], **row.pop("given", {}))
    own_settings = _settings({**settings, **row.pop("settings", {})})
    expected = Expected(query=query, settings=own_settings, **row)
    ends = (expected.served, expected.split, expected.error, expected.cancelled_after)
    assert sum(each is not None for each in ends) == 1 or expected.source, "how it ends is missing"
    return expected
