"""Whether a fleet's server can be used: reached, asked, quick enough, and forgetting the right."""

import math
from collections.abc import Iterator, Sequence

from irclient.cli.doctor.finding import Finding, Verdict
from irclient.fleet import RedisFleet
from irclient.fleet.obstacles import Obstacle
from irclient.fleet.server_report import ServerReport
from irclient.topology import ServiceEndpoint

__all__ = ["examine_fleet"]

#: Seconds. A call waits for a tenth of a second at most.
_SLOW_FROM = 0.02
_CLOCK_WRONG_FROM = 1.0
_MENDS: dict[Obstacle, str] = {
    "unreachable": "start it, or correct host and port in fleet.url (IRCLIENT_FLEET__URL), or "
    "open the firewall; and see whether the port speaks TLS: rediss:// if it does, redis:// if not",
    "login": "correct the user and password in fleet.url (IRCLIENT_FLEET__URL)",
    "read-only": "name the primary in fleet.url (IRCLIENT_FLEET__URL): a replica takes no writes",
    "rights": "let its user do what the scripts do: ACL SETUSER NAME on >PASSWORD ~irclient:* "
    "-@all +@read +@write +@scripting -@dangerous +time +info",
    "certificate": "name the authority of its certificate in the URL, "
    "?ssl_ca_certs=/path/ca.pem, or in SSL_CERT_FILE (IRCLIENT_CA_FILE is not for it)",
    "ca file": "name a file of authorities that is there: ssl_ca_certs in the URL",
    "tls": "see whether the port speaks TLS: rediss:// if it does, redis:// if not; "
    "and whether the server accepts connections from this host (bind, protected-mode)",
    "cluster": "it is a node of a cluster: give the fleet connect=lambda: RedisCluster(...) "
    "in the code, in place of the URL",
    "memory": "give the server more memory, and set maxmemory-policy to volatile-lru",
    "database": "correct the number at the end of the URL: the server has no such database",
    "client": "correct the options in fleet.url (IRCLIENT_FLEET__URL), or the function connect=",
    "server": "look at the server itself, by its own words",
}


def examine_fleet(
    fleet: RedisFleet, endpoints: Sequence[ServiceEndpoint] = ()
) -> Iterator[Finding]:
    """Ask the server of a fleet what it needs to know."""
    report, subject = fleet.examine(endpoints), f"the server of {fleet.name}"
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
    if report.members > fleet.workers:
        yield Finding(
            check="fleet members",
            subject=subject,
            verdict=Verdict.WARNING,
            saw=f"{report.members} processes heard, workers says {fleet.workers}",
            advice="raise workers (IRCLIENT_FLEET__WORKERS), or give another application another "
            "fleet.name: without the server they would together take more than the TPS",
        )
    for endpoint, told in zip(endpoints, report.told_tps, strict=False):
        yield from _tps(endpoint, told, subject)


def _tps(endpoint: ServiceEndpoint, told: Sequence[int], subject: str) -> Iterator[Finding]:
    # As a fleet counts: in whole requests.
    own = max(math.floor(endpoint.tps + 1e-9), 1)
    others = [f"{each}" for each in told if each != own]
    if others:
        yield Finding(
            check="fleet tps",
            subject=subject,
            verdict=Verdict.WARNING,
            saw=f"{endpoint.label} has a tps of {own} here, and processes of the fleet have one of "
            f"{' and '.join(others)}",
            advice="give all processes the same tps: together they may take the highest one",
        )


def _speed(report: ServerReport, subject: str) -> Finding:
    trips = report.round_trips
    p50, p99 = trips[len(trips) // 2], trips[len(trips) * 99 // 100]
    apart = report.clock_ahead
    saw = (
        f"answers scripts in {p50 * 1e3:.1f} ms (p99 {p99 * 1e3:.1f} ms); its clock is "
        f"{abs(apart) * 1e3:.0f} ms {'ahead of' if apart > 0 else 'behind'} this machine's"
    )
    advice = None
    if report.is_node:
        advice = f"{_MENDS['cluster']}: after a resharding this node refuses messages"
    elif p99 >= _SLOW_FROM:
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
