"""What a transport's exception means."""

from __future__ import annotations

import socket
import ssl

import httpcore
import httpx
import pytest

from irclient._core.protocol import Trouble
from irclient._values.secret import Secret
from irclient.transports.failures import (
    BodyTooLarge,
    Late,
    UndecodableBody,
    Unreachable,
    Unsendable,
    failure_of,
)

MEANS = [
    (httpx.ConnectError("no"), Trouble.UNREACHABLE),
    (httpcore.ConnectError("no"), Trouble.UNREACHABLE),
    (httpx.ProxyError("no"), Trouble.UNREACHABLE),
    (ConnectionRefusedError(111, "no"), Trouble.UNREACHABLE),
    (socket.gaierror(-2, "no such host"), Trouble.UNREACHABLE),
    (ssl.SSLCertVerificationError("certificate"), Trouble.UNREACHABLE),
    (httpx.ConnectTimeout("slow"), Trouble.TIMED_OUT),
    (httpcore.ReadTimeout("slow"), Trouble.TIMED_OUT),
    (TimeoutError(), Trouble.TIMED_OUT),
    (httpx.ReadError("broke"), Trouble.BROKEN),
    (httpx.RemoteProtocolError("not HTTP"), Trouble.BROKEN),
    (ConnectionResetError(104, "reset"), Trouble.BROKEN),
    (httpx.PoolTimeout("full"), Trouble.LOCAL),
    (httpx.LocalProtocolError("no such header"), Trouble.LOCAL),
    (httpx.DecodingError("gzip"), Trouble.LOCAL),
    (KeyError("surprise"), Trouble.LOCAL),
]


SECRET = Secret("secret")


@pytest.mark.parametrize(("error", "trouble"), MEANS, ids=lambda value: type(value).__name__)
def test_each_kind_has_its_meaning(error, trouble) -> None:
    failure = failure_of(error, token=SECRET)
    assert failure.trouble is trouble
    assert failure.reason.startswith(f"{trouble.value}: {type(error).__name__}")


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        (BodyTooLarge, Trouble.TOO_LARGE),
        (UndecodableBody, Trouble.LOCAL),
        (Unsendable, Trouble.LOCAL),
        (Unreachable, Trouble.UNREACHABLE),
        (Late, Trouble.TIMED_OUT),
    ],
)
def test_our_own_need_no_name_of_a_class(kind, trouble) -> None:
    failure = failure_of(kind("why"), token=SECRET)
    assert (failure.trouble, failure.reason) == (trouble, f"{trouble.value}: why")
    assert failure.cause is None


def test_a_token_of_a_letter_is_not_looked_for() -> None:
    assert failure_of(KeyError("a test"), token=Secret("t")).reason == "local: KeyError: 'a test'"


def test_a_fork_of_httpx_is_understood_by_its_names() -> None:
    class ConnectError(Exception): ...

    assert failure_of(ConnectError(), token=SECRET).trouble is Trouble.UNREACHABLE


def test_only_a_strangers_exception_is_shown_as_the_cause() -> None:
    ours, strangers = httpx.PoolTimeout("full"), KeyError("surprise")
    assert failure_of(ours, token=SECRET).cause is None
    assert failure_of(strangers, token=SECRET).cause is strangers
    assert failure_of(ConnectionResetError(104, "reset"), token=SECRET).cause is None


def test_the_token_is_taken_out_of_the_words_and_its_bearer_is_not_shown() -> None:
    failure = failure_of(KeyError("Bearer secret"), token=SECRET)
    assert failure.reason == "local: KeyError: 'Bearer …'"
    assert failure.cause is None


def test_an_error_whose_arguments_hold_the_token_is_not_shown() -> None:
    value = f"Bearer secret {chr(0xE9)}"
    with pytest.raises(UnicodeEncodeError) as caught:
        value.encode("ascii")
    value = ""
    assert "secret" not in str(caught.value)
    assert failure_of(caught.value, token=SECRET).cause is None


class MuteError(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __repr__


def test_an_error_that_cannot_be_shown_is_a_failure_all_the_same() -> None:
    assert failure_of(MuteError(), token=SECRET).trouble is Trouble.LOCAL


def test_an_error_that_struck_while_an_object_was_made_is_a_failure_all_the_same() -> None:
    class Half:
        def __init__(self) -> None:
            raise KeyError("struck")

        def __repr__(self) -> str:
            return self.never_set  # As of many a class, before it is made.

    with pytest.raises(KeyError) as caught:
        Half()
    failure = failure_of(caught.value, token=SECRET)
    assert failure.reason == "local: KeyError: 'struck'"
    assert failure.cause is caught.value


def test_an_error_without_words_borrows_those_of_the_one_it_came_from() -> None:
    error = httpx.ConnectError("")
    error.__context__ = OSError()
    error.__context__.__context__ = ssl.SSLError("certificate has expired: secret")
    reason = failure_of(error, token=SECRET).reason
    assert "certificate has expired: …" in reason


def test_long_words_are_cut() -> None:
    assert len(failure_of(KeyError("x" * 5000), token=SECRET).reason) < 250
