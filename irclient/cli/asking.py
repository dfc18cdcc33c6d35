"""Asking one query with the user's own configuration, and showing the answer."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from irclient.cli.answers import show_list, show_selectors
from irclient.cli.configured import configured_client
from irclient.cli.output import data_console, print_json
from irclient.queries import ItemSelectors, ListQuery, Personalize
from irclient.results import RecommendationList, Selectors

__all__ = ["ask", "ids_of"]


def ask(
    query: ListQuery | Personalize | ItemSelectors,
    *,
    config: Path | None,
    deadline: float | None,
    as_json: bool,
) -> None:
    """Answer one query and print what came.

    Raises:
        IRError: There is no answer; the caller turns it into a message and an exit code.
    """
    with configured_client(config) as ir:
        answer = ir.with_options(deadline=deadline).fetch(query)
    if as_json:
        print_json(_as_data(answer))
    elif isinstance(answer, Selectors):
        show_selectors(answer, data_console())
    else:
        show_list(answer, data_console())


def ids_of(arguments: list[str]) -> list[str]:
    """Return the ids; ``-`` stands for those on stdin, one a line."""
    ids: list[str] = []
    for each in arguments:
        if each == "-":
            lines = sys.stdin.read().splitlines()
            ids += [line.strip() for line in lines if line.strip()]
        else:
            ids.append(each)
    return ids


def _as_data(answer: RecommendationList | Selectors) -> dict[str, Any]:
    # The service's own body, so that nothing that it said is lost, and how it was served.
    return {"answer": answer.raw, "served": asdict(answer.served)}
