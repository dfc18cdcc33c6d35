"""The benchmark of the service counts what it says."""

from benchmarks.serve import _busiest


def test_the_busiest_second_is_any_second_not_one_of_the_clocks():
    burst = [0.9 + at / 1_000 for at in range(60)]
    assert _busiest([0.0, *burst, 1.85, 1.95]) == 61
    assert _busiest([0.0, 1.0, 2.0]) == 1
