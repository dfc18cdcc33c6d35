"""Faults as values and as text, and whom they strike."""

import pytest

from irclient.emulator import faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("down", faults.Down()),
        ("slow:2.5", faults.Slow(2.5)),
        ("Slow: 2.5 , share=0.5", faults.Slow(2.5, share=0.5)),
        ("status:503,retry-after=2", faults.Status(503, retry_after=2)),
        ("status:502,body=html", faults.Status(502, body="html")),
        ("drip:0.05,part=head", faults.Drip(0.05, part="head")),
        ("too_many_requests:3", faults.TooManyRequests(3)),
        ("reset,limit=2", faults.Reset(limit=2)),
        ("reset:accept", faults.Reset("accept")),
        ("black-hole:at=accept", faults.BlackHole("accept")),
        ("gzip-bomb:8", faults.GzipBomb(8)),
    ],
)
def test_a_fault_is_read_from_text(text, fault):
    assert faults.parse(text) == fault


@pytest.mark.parametrize("kind", faults.KINDS)
def test_every_kind_can_be_named_and_written_back(kind):
    fault = faults.parse(kind)
    assert fault.kind == kind
    assert faults.parse(str(fault)) == fault


def test_text_keeps_every_option_that_is_not_a_default():
    fault = faults.Status(502, body="html", retry_after=2.0, share=0.25, limit=3)
    assert faults.parse(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", r"no fault is called 'nonsense'; there are down, black-hole, .*not-cooked"),
        ("", "no fault is called ''"),
        ("slow:soon", "slow:soon.*seconds.*number"),
        ("slow:-1", "seconds.*greater than or equal to 0"),
        ("slow:nan", "seconds"),
        ("slow:1,2", "'2' is not like name=value"),
        ("slow:1,speed=2", "no option 'speed'; it has seconds, limit, share"),
        ("slow:1,share=3", "share.*less than or equal to 1"),
        ("reset,limit=0", "limit"),
        ("status:200", "code.*400"),
        ("down,share=0.5", "neither share nor limit"),
        ("down:now", "'now' is not like name=value"),
        ("reset:later", "at"),
    ],
)
def test_a_bad_text_says_what_is_wrong_with_it(text, words):
    with pytest.raises(ValueError, match=words):
        faults.parse(text)


def test_a_fault_strikes_at_its_own_stage_alone():
    slot = faults.FaultSlot(seed=1)
    slot.put(faults.Reset("accept"))
    assert slot.draw("request") is None
    assert slot.draw("accept") == faults.Reset("accept")


def test_a_limit_ends_the_fault():
    slot = faults.FaultSlot(seed=1)
    slot.put(faults.Slow(1, limit=2))
    assert [bool(slot.draw("request")) for _ in range(4)] == [True, True, False, False]
    assert slot.fault is None


def test_a_share_is_drawn_and_the_draws_repeat():
    slot = faults.FaultSlot(seed=7)
    draws = []
    for _ in range(2):
        slot.put(faults.Slow(1, share=0.3))
        draws.append([bool(slot.draw("request")) for _ in range(1000)])
    assert draws[0] == draws[1]
    assert 250 < sum(draws[0]) < 350


def test_no_fault_strikes_nobody():
    slot = faults.FaultSlot(seed=1)
    slot.put(faults.Slow(1))
    slot.put(None)
    assert slot.draw("request") is None
