"""Accounts in another process, ordered about by the tests, and what each test holds against them.

The programs that measure are those of `python -m benchmarks.promise`, here with less of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.promise.accounts import WELL, accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.promise.accounts import Accounts


@pytest.fixture(scope="package")
def _service() -> Iterator[Accounts]:
    with accounts() as service:
        yield service


@pytest.fixture
def service(_service: Accounts) -> Accounts:
    for name in "ab":
        _service.behave(name, WELL)
        _service.arrivals(name)
    return _service
