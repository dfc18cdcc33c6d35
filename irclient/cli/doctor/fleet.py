"""Whether a fleet's server can be used: reached, asked, quick enough, and forgetting the right."""

from collections.abc import Iterator

from irclient.cli.doctor.finding import Finding, Verdict
from irclient.fleet import RedisFleet
from irclient.fleet.server_report import Obstacle, ServerReport

__all__ = ["examine_fleet"]

#: Seconds. A call waits for a tenth of a second at most.
_SLOW_FROM = 0.02
_CLOCK_WRONG_FROM = 1.0
_MENDS: dict[Obstacle, str] = {
    "unreachable": "start it, or correct host and port in fleet.url (IRCLIENT_FLEET__URL), or "
    "open the firewall",
    "login": "correct the user and password in fleet.url (IRCLIENT_FLEET__URL)",
    "read-only": "name the primary in fleet.url (IRCLIENT_FLEET__URL): a replica takes no writes",
    "rights": "let its user run EVAL, EVALSHA, TIME and INFO on keys that begin with irclient:",
    "server": "look at the server itself, by its own words",
}


def examine_fleet(fleet: RedisFleet) -> Iterator[Finding]:
    """Ask the server of a fleet what it needs to know."""
    report, subject = fleet.examine(), f"the server of {fleet.name}"
    if fleet.address is not None:
        subject += f" at {fleet.address}"
    if report.trouble is not None:
        yield Finding(
            check="fleet",
            subject=subject,
            verdict=Verdict.WRONG,
            saw=report.trouble,
            advice=f"{_MENDS[report.obstacle or 'server']}; until then each process keeps to "
            "TPS / workers",
        )
        return
    yield _speed(report, subject)
    yield _memory(report, subject)


def _speed(report: ServerReport, subject: str) -> Finding:
    trips = report.round_trips
    p50, p99 = trips[len(trips) // 2], trips[len(trips) * 99 // 100]
    apart = report.clock_ahead
    saw = (
        f"answers scripts in {p50 * 1e3:.1f} ms (p99 {p99 * 1e3:.1f} ms); its clock is "
        f"{abs(apart) * 1e3:.0f} ms {'ahead of' if apart > 0 else 'behind'} this machine's"
    )
    advice = None
    if p99 >= _SLOW_FROM:
        advice = "use a server in the same region: each call that asks it waits so long"
    elif abs(apart) >= _CLOCK_WRONG_FROM:
        advice = "have both clocks set (NTP): the fleet does not mind, tokens and logs do"
    elif not report.knows_itself:
        advice = "let its user run INFO in scripts, or a failover is not noticed"
    return Finding.of_what_works("fleet", subject, saw, advice, elapsed=sum(trips))


def _memory(report: ServerReport, subject: str) -> Finding:
    policy, advice = report.eviction, None
    if policy is None:
        saw = "does not say what it evicts"
    else:
        saw = f"evicts by {policy}"
        if policy.startswith("allkeys"):
            advice = "set maxmemory-policy to volatile-lru: it may evict what the TPS is kept by"
        elif policy == "noeviction":
            advice = (
                "set maxmemory-policy to volatile-lru: a full server takes no messages, and each "
                "process goes on alone"
            )
    return Finding.of_what_works("fleet memory", subject, saw, advice)
