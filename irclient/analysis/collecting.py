"""Collecting the lists of many queries, so that nothing is lost when it ends early."""

from __future__ import annotations

from contextlib import aclosing, closing, contextmanager
from typing import TYPE_CHECKING, TypeAlias, cast

from tqdm.auto import tqdm

from irclient.aclient import AsyncIRClient
from irclient.analysis.lists import Lists
from irclient.analysis.query_names import each_once
from irclient.client import IRClient
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable

    from irclient.analysis.query_names import AnyListQuery
    from irclient.errors import IRError
    from irclient.results import RecommendationList

    Outcome: TypeAlias = tuple[AnyListQuery, RecommendationList | IRError]

__all__ = ["acollect", "collect"]

Progress: TypeAlias = "bool | Callable[[int, int], None]"


def collect(
    client: IRClient,
    queries: Iterable[AnyListQuery],
    *,
    concurrency: int | None = None,
    progress: Progress = True,
    into: Lists | None = None,
) -> Lists:
    """Ask many queries, and keep every list and every error.

    A query that fails is one of the `errors`, and ends nothing. What has come by the time of a
    Ctrl-C, or of an interrupted cell, is in the lists that were passed as `into`; the same call
    again asks only what is missing, that is also what failed.

    Args:
        client: Asks them; its caching counts, and so does its failing over (`compare` tells).
        queries: Queries of lists; one that is named twice is asked once.
        concurrency: How many to ask at a time; a moderate number when left out.
        progress: True shows a bar; a callable is called with how many are done and how many there
            are to do.
        into: Lists to go on with; these are returned.

    Raises:
        ConfigurationError: It is no client for threads.
        QueryError: One of the queries is none of a list; nothing was sent.
    """
    _check_client(client, IRClient, "collect takes an IRClient; with tasks, await acollect(…)")
    lists, pending = _planned(client, queries, into, progress)
    if not pending:
        return lists
    each = cast("Generator[Outcome]", client.fetch_each(pending, concurrency=concurrency))
    with closing(each), _keeping(lists, len(pending), progress, into) as keep:
        for query, outcome in each:
            keep(query, outcome)
    return lists


async def acollect(
    client: AsyncIRClient,
    queries: Iterable[AnyListQuery],
    *,
    concurrency: int | None = None,
    progress: Progress = True,
    into: Lists | None = None,
) -> Lists:
    """Do what `collect` does, in a task, as a cell of a notebook is.

    Being cancelled is what an interrupt is to `collect`.

    Args:
        client: As for `collect`, an `AsyncIRClient`.
        queries: As for `collect`.
        concurrency: As for `collect`.
        progress: As for `collect`.
        into: As for `collect`.

    Raises:
        ConfigurationError: It is no client for tasks.
        QueryError: One of the queries is none of a list; nothing was sent.
    """
    _check_client(
        client, AsyncIRClient, "acollect takes an AsyncIRClient; with an IRClient, collect(…)"
    )
    lists, pending = _planned(client, queries, into, progress)
    if not pending:
        return lists
    each = cast("AsyncGenerator[Outcome]", client.fetch_each(pending, concurrency=concurrency))
    async with aclosing(each):
        with _keeping(lists, len(pending), progress, into) as keep:
            async for query, outcome in each:
                keep(query, outcome)
    return lists


def _check_client(client: object, kind: type, fix: str) -> None:
    if not isinstance(client, kind):
        raise ConfigurationError(f"{fix}; got {type(client).__name__}")


def _planned(
    client: IRClient | AsyncIRClient,
    queries: Iterable[AnyListQuery],
    into: Lists | None,
    progress: Progress,
) -> tuple[Lists, list[AnyListQuery]]:
    """Return the lists to fill, and what is to be asked for them."""
    if not isinstance(progress, bool) and not callable(progress):
        raise TypeError(
            "progress must be True, False, or a function of how many are done and how many there "
            f"are, got {progress!r:.80}"
        )
    if into is not None and not isinstance(into, Lists):
        raise TypeError(f"into must be Lists, got {type(into).__name__}")
    # Lists that hold nothing yet are false.
    lists = Lists() if into is None else into
    asked = each_once(queries)
    lists.expect(asked, account=_meant_account(client))
    return lists, [query for query in asked if query not in lists.answers]


def _meant_account(client: IRClient | AsyncIRClient) -> str | None:
    health = client.health()
    try:
        _ = client.split
    except ConfigurationError:
        return next(iter(health)).account
    # Which variant, and so which account, depends on the query, unless one endpoint is asked.
    return next(iter(health)).account if len(health) == 1 else None


@contextmanager
def _keeping(
    lists: Lists, total: int, progress: Progress, into: Lists | None
) -> Generator[Callable[[AnyListQuery, RecommendationList | IRError], None]]:
    done = 0
    with tqdm(total=total, unit="query", disable=callable(progress) or not progress) as bar:

        def keep(query: AnyListQuery, outcome: RecommendationList | IRError) -> None:
            nonlocal done
            # First of all: an interrupt is likeliest while the progress is drawn.
            lists.add(query, outcome)
            done += 1
            bar.update()
            if callable(progress):
                progress(done, total)

        try:
            yield keep
        except BaseException as problem:
            kept = "are kept in into=" if into is not None else "are lost; into=Lists() keeps them"
            problem.add_note(f"{done} of {total} queries had an outcome by then, which {kept}")
            raise
