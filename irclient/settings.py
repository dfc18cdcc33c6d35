"""How a client behaves: frozen, checked values with production-ready defaults.

Each default lives in its field here and nowhere else; the documentation's table is generated
from this module. Durations are seconds, given as a number or a `datetime.timedelta`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, TypeAlias, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WrapValidator,
    field_serializer,
)

from irclient.errors import ConfigurationError, QueryError
from irclient.queries import ListQuery, Popular  # noqa: TC001  (pydantic resolves the fields)
from irclient.worker_share import WorkerShare, worker_share

__all__ = [
    "Caching",
    "Failover",
    "Fallback",
    "Guard",
    "Hedging",
    "Retries",
    "Settings",
    "Throttling",
    "Timeouts",
]


def _made(given: object) -> object:
    if isinstance(given, type):
        # A ValueError is what pydantic takes for a finding.
        raise ValueError(f"must be an instance: write {given.__name__}(...)")  # noqa: TRY004
    return given


#: Any tenacity `wait_*`: a callable from a `tenacity.RetryCallState` to seconds.
TenacityWait: TypeAlias = Annotated[Callable[[Any], float], BeforeValidator(_made)]


def _seconds(given: object) -> object:
    return given.total_seconds() if isinstance(given, timedelta) else given


def _part(given: object) -> object:
    if not isinstance(given, str) or "/" not in given:
        return given
    over, _, under = given.partition("/")
    try:
        return float(over) / float(under)
    except (ValueError, ZeroDivisionError):
        raise ValueError("write a part as a number like 0.25 or as text like '1/4'") from None


def _share(given: object, check: Callable[[object], float]) -> float:
    if given != "auto" and not isinstance(given, WorkerShare):
        return check(_part(given))
    try:
        # Not checked, which would forget that it was worked out.
        return given if isinstance(given, WorkerShare) else worker_share(os.environ)
    except ConfigurationError as problem:
        raise ValueError(str(problem)) from None


Duration: TypeAlias = Annotated[float, BeforeValidator(_seconds), Field(gt=0, allow_inf_nan=False)]
DurationOrZero: TypeAlias = Annotated[
    float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)
]
Part: TypeAlias = Annotated[float, BeforeValidator(_part), Field(gt=0, le=1)]
Share: TypeAlias = Annotated[float, Field(gt=0, le=1), WrapValidator(_share)]
Count: TypeAlias = Annotated[int, Field(ge=1)]


class _Group(BaseModel):
    """A frozen group of settings that names the wrong value and the fix when it is refused."""

    # defer_build: importing irclient must not pay for validators that a first client builds.
    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True
    )
    #: What all copies of a client share, so that `with_options` cannot change it.
    shared: ClassVar[tuple[str, ...]] = ()

    def __init__(self, /, **values: Any) -> None:  # noqa: ANN401  (pydantic checks them)
        try:
            super().__init__(**values)
        except ValidationError as problem:
            raise ConfigurationError(explain(type(self).__name__, problem)) from None


def explain(what: str, problem: ValidationError) -> str:
    """Say in one line each which value is wrong, and what it must be."""
    lines: list[str] = []
    for detail in problem.errors(include_url=False):
        where = ".".join([what, *(str(part) for part in detail["loc"])])
        if detail["type"] == "extra_forbidden":
            lines.append(f"{where} is not a setting; check its spelling")
        else:
            words = detail["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {words}, got {detail['input']!r}")
    return "; ".join(lines)


class Timeouts(_Group):
    """How long things may take.

    Attributes:
        deadline: Seconds for the whole call, with every wait and attempt.
        attempt: Seconds for one request, from connecting to the last byte.
        connect: Seconds for connecting, name resolution and TLS included.
    """

    deadline: Duration = 3.0
    attempt: Duration = 1.0
    connect: Duration = 1.0


class Retries(_Group):
    """How often a call tries again, and how long it waits before it asks the same endpoint.

    Attributes:
        max_attempts: The most requests that one call may send.
        wait: Any tenacity `wait_*`; None is full jitter for transient trouble and equal jitter
            for throttles. No wait is made before a different endpoint.
        budget: How many repeated requests all calls of a client together may send, as a part of
            the calls that the service answered in the last ten seconds. Counted are requests to
            the same endpoint again, to an endpoint that is known to be failing, and for the
            queries of a fallback; the first try at another endpoint is not.
        budget_floor: Repeated requests a second that are allowed in addition, at most a tenth of
            the client's part of all TPS.
    """

    shared: ClassVar[tuple[str, ...]] = ("budget",)
    max_attempts: Count = 4
    wait: TenacityWait | None = None
    budget: Annotated[float, Field(ge=0, le=1)] = 0.2
    budget_floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0


class Throttling(_Group):
    """How the client stays under the TPS of its endpoints.

    Attributes:
        max_wait: The most seconds that a call may wait for its slot; it is refused at once if it
            would have to wait longer.
        share: This process's part of each endpoint's TPS: ``"1/4"``, or 0.25, for each of four
            workers; ``"auto"`` is one over ``WEB_CONCURRENCY`` times ``IRCLIENT_REPLICAS``. With a
            part below one request a second several processes cannot keep the TPS exactly, and the
            client warns of it.
        adaptive: Whether throttled answers shrink the allowance until no more come.
    """

    shared: ClassVar[tuple[str, ...]] = ("share", "adaptive")
    max_wait: DurationOrZero = 0.5
    share: Share = 1.0
    adaptive: bool = True


class Caching(_Group):
    """How long an answer may be used again.

    Attributes:
        enabled: Whether answers are kept at all.
        fresh_for: Seconds during which an answer is used as it is.
        stale_while_refresh_for: Seconds after that during which it is used while one background
            call refreshes it.
        stale_if_error_for: Seconds after `fresh_for` during which it may still be used if every
            account fails.
        max_entries: The most answers that are kept.
        max_bytes: The most bytes that they may take, counted as their bodies and 1,024 bytes for
            each; None for no such limit. With the lists that were read from them, the process
            uses two to four times the size of the bodies; seven times, if the lists' items were
            used.
    """

    shared: ClassVar[tuple[str, ...]] = ("max_entries", "max_bytes")
    enabled: bool = True
    fresh_for: Duration = 60.0
    stale_while_refresh_for: DurationOrZero = 600.0
    stale_if_error_for: DurationOrZero = 86_400.0
    max_entries: Count = 10_000
    max_bytes: Count | None = None


class Hedging(_Group):
    """Whether a slow call is raced against the other account of the pair.

    Attributes:
        enabled: Whether to hedge; a hedge uses capacity that is paid for.
        after: Seconds to wait before the hedge; None learns the 95th percentile.
        budget: The most extra requests, as a part of all requests.
    """

    enabled: bool = False
    after: Duration | None = None
    budget: Part = 0.1


class Failover(_Group):
    """When an endpoint counts as failing, and how it comes back.

    Attributes:
        consecutive_failures: Failures in a row after which it counts as failing.
        min_success_rate: It also counts as failing with a success rate below this over `window`.
        window: Over how many seconds the success rate is taken.
        min_calls: With fewer calls than this in `window`, the success rate is not used.
        eject_for: Seconds before the first probe, a fifth more or less; doubled each time that
            the probe fails.
        max_eject_for: The longest time between two probes.
        ramp_for: Seconds in which a recovering endpoint's part of the traffic grows to all.
        slow_factor: An account of a pair counts as slow when its answers take this many times as
            long as those of the other; nearly all calls then go to the other one. None for never.
        slow_by: And its answers must take at least this many seconds longer.
        trickle_every: Seconds after which one call of an active-passive pair goes to the
            secondary, at most one call in twenty, so that its connection, token and TPS are
            tested before they are needed. None sends nothing there while the primary is well.
    """

    consecutive_failures: Count = 5
    min_success_rate: Annotated[float, Field(ge=0, le=1)] = 0.8
    window: Duration = 30.0
    min_calls: Count = 10
    eject_for: Duration = 5.0
    max_eject_for: Duration = 60.0
    ramp_for: DurationOrZero = 10.0
    slow_factor: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = 3.0
    slow_by: Duration = 0.05
    trickle_every: Duration | None = 20.0


class Settings(_Group):
    """All settings of a client, grouped by concern.

    Attributes:
        timeouts: How long things may take.
        retries: How often to try again.
        throttling: How to stay under the TPS.
        caching: How long an answer may be used again.
        hedging: Whether to race a slow call.
        failover: When an endpoint counts as failing.
    """

    timeouts: Timeouts = Timeouts.model_construct()
    retries: Retries = Retries.model_construct()
    throttling: Throttling = Throttling.model_construct()
    caching: Caching = Caching.model_construct()
    hedging: Hedging = Hedging.model_construct()
    failover: Failover = Failover.model_construct()


class Guard(_Group):
    """When a canary's traffic is taken back; see `Split.shift`.

    Attributes:
        candidate: The variant that was given more traffic.
        control: The variant that it is compared with.
        calls: Calls of the candidate between two comparisons.
        margin: How much worse the candidate may be, as a part of its calls.
        slow_after: Seconds after which a call counts as slow; None for never.
        false_alarms: The probability that a candidate which is no worse is ever sent back.
    """

    candidate: str
    control: str
    calls: Count = 200
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.02
    slow_after: Duration | None = None
    false_alarms: Annotated[float, Field(gt=0, lt=1)] = 0.01


class Fallback(_Group):
    """What to answer when nothing else can; the answer is marked `degraded`.

    It can be written as JSON and read again: a query is then its operation and its fields, as in
    ``{"queries": [{"operation": "popular", "count": 5}], "items": []}``.

    Attributes:
        queries: Queries to try in order, each on whatever endpoint still answers.
        items: Ids to answer when those fail as well; empty means that the call fails.
    """

    queries: tuple[ListQuery, ...] = (Popular(),)
    items: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    def __init__(
        self,
        *,
        queries: Sequence[ListQuery] = (Popular(),),
        items: Sequence[str] = (),
        **unknown: object,
    ) -> None:
        given = [_query(each) for each in _list("queries", queries)]
        super().__init__(queries=given, items=_list("items", items), **unknown)

    @field_serializer("queries")
    def _as_data(self, queries: tuple[ListQuery, ...]) -> list[dict[str, object]]:
        # Loaded here, and below: few programs write a fallback down.
        from irclient._wire.query_data import plain  # noqa: PLC0415

        return [plain(each) for each in queries]


def _query(given: object) -> object:
    """A query as it was, or out of the data that one was written as."""
    if not isinstance(given, Mapping):
        return given
    from irclient._wire.query_data import list_query_of  # noqa: PLC0415

    try:
        return list_query_of(cast("Mapping[str, Any]", given))
    except QueryError as problem:
        raise ConfigurationError(f"Fallback.queries: {problem}") from None


def _list(what: str, given: object) -> tuple[object, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigurationError(
            f"Fallback.{what} must be a list, got {given!r}; write [{given!r}]"
        )
    return tuple(cast("Sequence[object]", given))
