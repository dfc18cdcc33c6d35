"""Several addresses of one name: the first that answers is taken (RFC 8305), on either loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from irclient.transports.sockets import NEXT_ADDRESS_AFTER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["first_of"]


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


async def first_of(addresses: list[str], connect_to: Callable[[str], Awaitable[C]]) -> C:
    """Connect to the address that answers first, trying the next as well when one is slow.

    Args:
        addresses: In the order in which to try them.
        connect_to: Connects to one, or raises an `OSError`.

    Raises:
        OSError: No address could be connected to; the last one's reason.
    """
    if len(addresses) == 1:
        return await connect_to(addresses[0])
    import anyio  # noqa: PLC0415  (most names have one address)

    opened: list[C] = []
    problem: OSError = OSError("no address is known")

    async def attempt(address: str, is_over: anyio.Event) -> None:
        nonlocal problem
        try:
            opened.append(await connect_to(address))
        except OSError as refusal:
            problem = refusal
        else:
            race.cancel_scope.cancel()
        is_over.set()

    try:
        async with anyio.create_task_group() as race:
            for address in addresses:
                is_over = anyio.Event()
                race.start_soon(attempt, address, is_over)
                with anyio.move_on_after(NEXT_ADDRESS_AFTER):
                    await is_over.wait()
    except BaseException:
        for connection in opened:
            connection.close()
        raise
    for connection in opened[1:]:
        connection.close()
    if not opened:
        raise problem
    return opened[0]
