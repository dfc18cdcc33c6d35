"""Which endpoint a request is for: its `Host` says so, where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Hosts", "host_of"]

_EndpointT = TypeVar("_EndpointT")


class Hosts(Generic[_EndpointT]):
    """The endpoints by the hosts that choose them.

    Args:
        endpoints: For each its label, {account}-{endpoint}, its further hosts, and the endpoint.
    """

    def __init__(self, endpoints: Iterable[tuple[str, tuple[str, ...], _EndpointT]]) -> None:
        self._labels: dict[str, _EndpointT] = {}
        self._hosts: dict[str, _EndpointT] = {}
        every: list[_EndpointT] = []
        for label, hosts, endpoint in endpoints:
            self._labels[label.casefold()] = endpoint
            self._hosts.update(dict.fromkeys(hosts, endpoint))
            every.append(endpoint)
        # A single endpoint needs no name: it is reached by an address, a service, an ingress.
        self._only = every[0] if len(every) == 1 else None

    def find(self, header: str | None) -> _EndpointT | None:
        """The endpoint of a `Host` header; None if there is none of that name."""
        if self._only is not None:
            return self._only
        host = host_of(header or "")
        return self._hosts.get(host) or self._labels.get(host.partition(".")[0])


def host_of(header: str) -> str:
    """The host's name in a `Host` header, folded, without its port and a final dot."""
    name, _, port = header.rpartition(":")
    host = name if name and port.isdecimal() else header
    return host.strip().rstrip(".").casefold()
