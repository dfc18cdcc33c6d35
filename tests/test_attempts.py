"""The record of an attempt."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from irclient.attempts import Attempt

ATTEMPT = Attempt(
    endpoint="contoso-a/web",
    outcome="timed out",
    status=None,
    reason="no answer in 1 s",
    started_after=0.25,
    elapsed=1.0004,
)


def test_it_reads_as_one_line() -> None:
    assert str(ATTEMPT) == "contoso-a/web: no answer in 1 s (1000 ms)"


def test_it_is_frozen_and_travels_between_processes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ATTEMPT.elapsed = 2.0
    assert pickle.loads(pickle.dumps(ATTEMPT)) == ATTEMPT
