"""The figure of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from irclient.analysis.catalogues import popularity_by_item
from irclient.errors import ConfigurationError

try:
    from matplotlib import pyplot as plt
except ModuleNotFoundError as missing:
    raise ConfigurationError(f"plot() needs {missing.name}: pip install matplotlib") from None

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from irclient.analysis.catalogues import ByItem

__all__ = ["figure_of"]

# The types of its methods leave much unknown.
Axes: TypeAlias = Any


def figure_of(
    per_query: pd.DataFrame,
    items: pd.DataFrame,
    popularity: ByItem | None,
    *,
    k: int,
    mean_overlap: float,
) -> Figure:
    """Return the figure; a notebook shows it once, as the result of its cell.

    Args:
        per_query: The measures of each query, as in `Comparison.per_query`.
        items: The items of each pair of lists, as in `Comparison.items`.
        popularity: How popular each item is; when None, in how many of the lists it is.
        k: How many of each list's first items were compared.
        mean_overlap: The mean of the queries in the summary.
    """
    items = items.copy()
    if popularity is None:
        items["popularity"] = items["item_id"].map(_times_shown(items)).astype("float64")
        named = "lists that show it"
    else:
        known = popularity_by_item(popularity)
        items["popularity"] = items["item_id"].map(known).astype("float64")
        named = "popularity"
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    # Else pyplot would show it as well.
    plt.close(figure)
    _draw_overlap(left, per_query["overlap"], k=k, mean=mean_overlap)
    _draw_shifts(middle, items)
    _draw_popularity(right, items, named)
    return figure


def _times_shown(items: pd.DataFrame) -> pd.Series[int]:
    shown = items[["rank_a", "rank_b"]].notna().sum(axis=1)
    return shown.groupby(items["item_id"]).sum()


def _draw_overlap(axes: Axes, overlap: pd.Series[float], *, k: int, mean: float) -> None:
    overlaps = overlap.sort_values(ascending=False).to_numpy()
    axes.bar(range(1, len(overlaps) + 1), overlaps, width=1.0, color="tab:blue")
    axes.axhline(mean, color="black", linestyle="--", linewidth=1, label=f"mean {mean:.2f}")
    axes.set(
        title=f"Overlap of the first {k}",
        xlabel="queries, the most alike first",
        ylabel="overlap",
        ylim=(0, 1.05),
    )
    axes.legend(loc="lower left")


def _draw_shifts(axes: Axes, items: pd.DataFrame) -> None:
    both = items.dropna(subset=["rank_a", "rank_b"])
    axes.scatter(both["rank_a"], both["rank_b"], s=12, alpha=0.4, color="tab:blue", linewidths=0)
    last = max(both["rank_a"].max(), both["rank_b"].max(), 1) if len(both) else 1
    axes.plot((1, last), (1, last), color="black", linestyle="--", linewidth=1)
    axes.set(title="Shift of ranks", xlabel="rank in a", ylabel="rank in b")


def _draw_popularity(axes: Axes, items: pd.DataFrame, named: str) -> None:
    groups: dict[str, Any] = {
        "only a": items[items["rank_b"].isna()],
        "both": items[items["rank_a"].notna() & items["rank_b"].notna()],
        "only b": items[items["rank_a"].isna()],
    }
    values = [group["popularity"].dropna().to_numpy() for group in groups.values()]
    axes.boxplot(values, tick_labels=list(groups))
    axes.set(title="Popularity of what differs", ylabel=named)
