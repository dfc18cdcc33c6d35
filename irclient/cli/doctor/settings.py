"""Settings that are allowed, and hardly what their author meant."""

from collections.abc import Iterator, Sequence

from irclient._values.part_of_a_request import part_of_a_request, processes_that_fit
from irclient.cli.doctor.finding import Finding, Verdict
from irclient.settings import Settings
from irclient.topology import ServiceEndpoint

__all__ = ["examine_settings"]

#: Seconds. A batch job or a notebook may want a minute or a few; these are milliseconds, or longer
#: than a call has anything to do: a batch call's deadline begins when it gets its slot.
_LONG_FROM = 500.0


def examine_settings(settings: Settings, endpoints: Sequence[ServiceEndpoint]) -> Iterator[Finding]:
    """Look for a share that is too small to keep, and for a deadline that no call needs."""
    for endpoint in endpoints:
        yield from _share(endpoint, settings.throttling.share)
    yield from _deadline(settings.timeouts.deadline)


def _share(endpoint: ServiceEndpoint, share: float) -> Iterator[Finding]:
    each = part_of_a_request(endpoint.tps, share)
    if each is not None:
        yield Finding(
            check="share",
            subject=endpoint.label,
            verdict=Verdict.WARNING,
            saw=f"tps {endpoint.tps:g} × share {share:.3g} is {each:.2g} requests a second",
            advice=f"run at most {processes_that_fit(endpoint.tps)} such processes, provision more "
            "TPS, or let the processes of a fleet share one TPS",
        )


def _deadline(deadline: float) -> Iterator[Finding]:
    if deadline >= _LONG_FROM:
        yield Finding(
            check="timeouts",
            subject="timeouts.deadline",
            verdict=Verdict.WARNING,
            saw=f"a call may take {deadline:g} seconds, {deadline / 60:.0f} minutes",
            advice=f"write {deadline / 1000:g} if milliseconds were meant; a minute is enough for "
            "a batch job too: the deadline of fetch_many and of priority='batch' begins when a "
            "call has its slot",
        )
