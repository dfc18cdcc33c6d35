"""What `client.cache` is: the handle by which a client is made to forget."""

from irclient._core.memory import Cache

__all__ = ["Cache"]
