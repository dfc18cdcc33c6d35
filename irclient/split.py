"""What `client.split` is: the weights of a traffic split, to be shifted while calls are made."""

from irclient._core.splitting import Split

__all__ = ["Split"]
