"""The order of the checks; each goes on when an earlier one failed, as far as it can."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from irclient.cli.configured import endpoints_of, read_configuration
from irclient.cli.doctor.clock import examine_clock
from irclient.cli.doctor.credential import examine_credential
from irclient.cli.doctor.endpoints import examine_endpoint
from irclient.cli.doctor.finding import Finding, Verdict
from irclient.cli.doctor.fleet import examine_fleet
from irclient.cli.doctor.host import hosts_of
from irclient.cli.doctor.reachability import examine_host
from irclient.cli.doctor.settings import examine_settings
from irclient.cli.doctor.url_keys import url_keys
from irclient.errors import ConfigurationError
from irclient.fleet import RedisFleet

__all__ = ["examine"]


def examine(config: Path | None, *, timeout: float) -> Iterator[Finding]:
    """Check everything that a call needs, from the configuration to each endpoint's answer.

    Args:
        config: The configuration file; None for the environment.
        timeout: Seconds that each check may take.
    """
    subject = "the environment" if config is None else str(config)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", UserWarning)
            configuration = read_configuration(config)
        endpoints, keys = endpoints_of(configuration), url_keys(config, configuration)
    except ConfigurationError as refused:
        for problem in refused.problems:
            yield Finding(
                check="configuration",
                subject=subject,
                verdict=Verdict.WRONG,
                saw=_without_its_name(problem, subject),
                advice="correct it; nothing else can be checked before",
            )
        return
    labels = ", ".join(f"{each.label} ({each.tps:g} TPS)" for each in endpoints)
    yield Finding(
        check="configuration", subject=subject, verdict=Verdict.GOOD, saw=f"names {labels}"
    )
    yield from _warnings(subject, warned)
    yield from examine_settings(configuration.settings, endpoints)
    obstacles: dict[str, Finding | None] = {}
    ahead: dict[str, float] = {}
    for host in hosts_of(configuration, endpoints, keys):
        reached = examine_host(host, timeout=timeout)
        yield reached.name
        yield reached.connection
        obstacles[host.purpose] = reached.obstacle
        if reached.clock_ahead is not None:
            ahead[host.purpose] = reached.clock_ahead
    clock = examine_clock(ahead)
    if clock is not None:
        yield clock
    if isinstance(configuration.fleet, RedisFleet):
        yield from examine_fleet(configuration.fleet, endpoints)
    has_token = True
    for finding in examine_credential(
        configuration.credential, timeout=timeout, obstacles=obstacles
    ):
        has_token = has_token and finding.verdict in {Verdict.GOOD, Verdict.WARNING}
        yield finding
    for endpoint in endpoints:
        if has_token:
            yield examine_endpoint(
                endpoint,
                configuration.credential,
                ca_file=configuration.ca_file,
                timeout=timeout,
                obstacle=obstacles[endpoint.label],
            )
        else:
            yield Finding(
                check="endpoint",
                subject=endpoint.label,
                verdict=Verdict.SKIPPED,
                saw="there is no token to ask with",
            )


def _warnings(subject: str, warned: Sequence[warnings.WarningMessage]) -> Iterator[Finding]:
    for each in warned:
        saw, _, advice = _without_its_name(str(each.message), subject).partition("; ")
        yield Finding(
            check="configuration",
            subject=subject,
            verdict=Verdict.WARNING,
            saw=saw,
            advice=advice or "correct the configuration",
        )


def _without_its_name(words: str, subject: str) -> str:
    """What is said of a file, without what it is said of."""
    for name in (
        f"{subject}: ",
        f"configuration file {subject!r}: ",
        f"configuration file {subject!r} ",
    ):
        words = words.removeprefix(name)
    return words
