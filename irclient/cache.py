"""What `client.cache` is: the handle by which a client is made to forget."""

from irclient._core.forgetting import Cache

__all__ = ["Cache"]
