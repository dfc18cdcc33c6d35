"""The part of an endpoint's TPS that one worker of many has, as the environment tells it.

gunicorn and uvicorn take their number of workers from ``WEB_CONCURRENCY``, and hosts such as
Heroku set it. How often the whole is deployed only its deployer knows: ``IRCLIENT_REPLICAS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REPLICAS", "WORKERS", "WorkerShare", "worker_share"]

WORKERS: Final = "WEB_CONCURRENCY"
REPLICAS: Final = "IRCLIENT_REPLICAS"


class WorkerShare(float):
    """A share that was computed; `irclient.process.share_anew` computes it again.

    A client may be made before anybody knows how many workers there will be.
    """

    __slots__ = ()


def worker_share(environ: Mapping[str, str]) -> WorkerShare:
    """Return one over the workers of a host times the hosts; what is not set counts as one.

    Raises:
        ConfigurationError: A variable is no whole number of at least 1.
    """
    return WorkerShare(1.0 / (_count(WORKERS, environ) * _count(REPLICAS, environ)))


def _count(variable: str, environ: Mapping[str, str]) -> int:
    text = environ.get(variable, "").strip()
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ConfigurationError(
            f"{variable} must be a whole number of at least 1 for share='auto', got {text!r}"
        )
    return int(text)
