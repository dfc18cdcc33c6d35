"""Plots: what was answered, and what came to each account, second by second."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from benchmarks.simulation.scenarios import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.simulation.running import Run

__all__ = ["draw"]

_COLOURS: Final = {"a": "#1f5fa8", "b": "#d9822b", "dr": "#5b8c5a"}
#: Each point is the mean of so many seconds: a chance second more or less is not the story.
_STEP: Final = 3
#: Above this, lines of the naive policies leave the picture; their table has the figures.
_MOST_REQUESTS: Final = 180
_FINE_NUMBER: Final = re.compile(r"(?<![\w#.])\d+\.\d{2,}(?![\w.])")


def draw(runs: Sequence[Run], to: Path) -> None:
    """Draw the runs of one scenario side by side; the same runs give the same file."""
    # Loaded here, since only whoever draws needs it; untyped, since its stubs are in part.
    mpl: Any = import_module("matplotlib")
    mpl.use("svg")
    plt: Any = import_module("matplotlib.pyplot")
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "irclient",
        "font.family": "sans-serif",
        "font.size": 8.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(
            2, len(runs), figsize=(2.6 * len(runs), 3.6), sharex=True, sharey="row", squeeze=False
        )
        for number, run in enumerate(runs):
            _draw_answers(axes[0][number], run)
            _draw_requests(axes[1][number], run)
        axes[0][0].set_ylabel("calls answered, %")
        axes[1][0].set_ylabel("requests per second")
        axes[1][0].legend(loc="upper left", frameon=False, ncols=3, handlelength=1.0)
        figure.tight_layout()
        figure.savefig(to, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    to.write_text(_tidied(to.read_text("utf-8")), "utf-8")


def _tidied(svg: str) -> str:
    # A tenth of a point is finer than any screen, and blanks at the end of a line bother editors.
    rounded = _FINE_NUMBER.sub(lambda number: f"{float(number[0]):.1f}", svg)
    return "\n".join(line.rstrip() for line in rounded.splitlines()) + "\n"


def _draw_answers(axis: Any, run: Run) -> None:
    made: dict[int, list[bool]] = {}
    for call in run.calls:
        made.setdefault(_step_of(call.began_at), []).append(call.source is not None)
    steps = sorted(made)
    axis.set_title(run.policy.name, fontsize=8.0)
    _shade(axis, run)
    axis.plot(steps, [100 * sum(made[at]) / len(made[at]) for at in steps], "#333333", lw=1.2)
    axis.set_ylim(-3, 103)


def _draw_requests(axis: Any, run: Run) -> None:
    steps = range(0, int(run.plan.ends_at), _STEP)
    _shade(axis, run)
    for name, account in run.accounts.items():
        came = [
            sum(account.by_second[at].came for at in _seconds(step) if at in account.by_second)
            for step in steps
        ]
        axis.plot(steps, [each / _STEP for each in came], _COLOURS[name], lw=1.0, label=name)
    axis.axhline(ACCOUNTS["a"] * run.scenario.tps, color="#999999", lw=0.6, ls=":")
    axis.set_ylim(0, _MOST_REQUESTS * max(run.scenario.busier, 1.0))
    axis.set_xlabel("seconds")


def _shade(axis: Any, run: Run) -> None:
    axis.axvspan(run.plan.warm_up_for, run.plan.weather_ends_at, color="#efefef", lw=0)


def _step_of(instant: float) -> int:
    return int(instant) // _STEP * _STEP


def _seconds(step: int) -> range:
    return range(step, step + _STEP)
