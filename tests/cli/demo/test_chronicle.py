"""The demo's observer."""

from threading import Thread

from irclient.cli.demo.chronicle import Chronicle
from irclient.observe import CallEnded, Ejected, FailedOver, Returned, TokenRenewed


def failed_over(at):
    return FailedOver(
        at=at, kind="failed", operation="new", origin="a/web", target="b/web", reason="refused"
    )


def ended(at, error=None):
    return CallEnded(at=at, operation="new", endpoint="b/web", attempts=2, elapsed=0.1, error=error)


def test_a_call_s_delay_runs_from_its_first_failure_to_its_answer():
    chronicle = Chronicle()

    for record in (failed_over(1.0), failed_over(1.5), ended(1.75), ended(9.0)):
        chronicle(record)

    assert chronicle.failover_delays == [0.75]


def test_a_call_that_failed_altogether_has_no_delay():
    chronicle = Chronicle()

    chronicle(failed_over(1.0))
    chronicle(ended(2.0, error="Unavailable"))

    assert chronicle.failover_delays == []


def test_calls_of_two_threads_are_kept_apart():
    chronicle = Chronicle()
    chronicle(failed_over(1.0))
    other = Thread(target=chronicle, args=(ended(5.0),))
    other.start()
    other.join()

    chronicle(ended(1.25))

    assert chronicle.failover_delays == [0.25]


def test_ejections_and_returns_are_found_by_endpoint_and_time():
    chronicle = Chronicle()
    for at in (1.0, 5.0):
        chronicle(Ejected(at=at, endpoint="a/web", kind="failed", reason="refused", eject_for=1.0))
    chronicle(Returned(at=7.0, endpoint="a/web"))

    assert chronicle.ejected_at("a/web", since=2.0) == 5.0
    assert chronicle.ejected_at("b/web", since=2.0) is None
    assert chronicle.returned_at("a/web", since=2.0) == 7.0
    assert chronicle.returned_at("a/web", since=8.0) is None


def test_rare_records_are_kept_by_kind():
    chronicle = Chronicle()
    renewed = TokenRenewed(at=1.0, lifetime=3600.0)

    chronicle(renewed)
    chronicle(ended(2.0))

    assert chronicle.of(TokenRenewed) == [renewed]
    assert chronicle.of(CallEnded) == []
