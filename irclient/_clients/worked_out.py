"""Shares that were worked out of the number of workers, and that may have to be so again."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final

from irclient._core.allowance import Allowance
from irclient.worker_share import worker_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient._core.state import ClientState

__all__ = ["remember", "work_out_anew"]

#: The TPS that each endpoint is provisioned with.
_allowances: Final[weakref.WeakKeyDictionary[Allowance, float]] = weakref.WeakKeyDictionary()


def remember(state: ClientState) -> None:
    """Know the allowances of a client whose share was worked out."""
    for endpoint in state.endpoints:
        allowance = state.routes.allowances[endpoint.url]
        if isinstance(allowance, Allowance):
            _allowances[allowance] = endpoint.tps


def work_out_anew(environ: Mapping[str, str]) -> None:
    """Give every such client the share that these variables say.

    Raises:
        ConfigurationError: A variable is no whole number of at least 1.
    """
    share = worker_share(environ)
    for allowance, tps in list(_allowances.items()):
        allowance.provision(tps * share)
