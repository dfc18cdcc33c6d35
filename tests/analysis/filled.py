"""Lists that hold what a test says."""

from __future__ import annotations

from irclient import Served
from irclient.analysis import Lists
from irclient.queries import Similar
from irclient.testing import recommendation_list

A = Served(endpoint="contoso-a/web", account="contoso-a")
B = Served(endpoint="contoso-b/web", account="contoso-b")


def filled(
    by_seed, *, served=A, account="contoso-a", version="20260104115104", modeling=None
) -> Lists:
    """Return lists of items similar to each seed."""
    lists = Lists(account=account)
    for seed, ids in by_seed.items():
        answer = recommendation_list(ids, served=served, interactions_version=version)
        lists.add(Similar(seed, modeling=modeling), answer)
    return lists
