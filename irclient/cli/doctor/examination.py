"""The order of the checks; each goes on when an earlier one failed, as far as it can."""

from collections.abc import Iterator
from pathlib import Path

from irclient.auth import KeyVaultCredential
from irclient.cli.configured import endpoints_of, read_configuration
from irclient.cli.doctor.endpoints import examine_endpoint
from irclient.cli.doctor.finding import Finding, Verdict
from irclient.cli.doctor.credential import examine_identity
from irclient.cli.doctor.reachability import Host, examine_host
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.topology import ServiceEndpoint

__all__ = ["examine"]


def examine(config: Path | None, *, timeout: float) -> Iterator[Finding]:
    """Check everything that a call needs, from the configuration to each endpoint's answer.

    Args:
        config: The configuration file; None for the environment.
        timeout: Seconds that each check may take.
    """
    subject = "the environment" if config is None else str(config)
    try:
        configuration = read_configuration(config)
        endpoints = endpoints_of(configuration)
    except ConfigurationError as problem:
        yield Finding(
            check="configuration",
            subject=subject,
            verdict=Verdict.WRONG,
            saw=str(problem),
            advice="correct the configuration; nothing else can be checked before",
        )
        return
    labels = ", ".join(each.label for each in endpoints)
    yield Finding(
        check="configuration", subject=subject, verdict=Verdict.GOOD, saw=f"names {labels}"
    )
    for host in _hosts(configuration, endpoints):
        yield from examine_host(host, timeout=timeout)
    has_token = True
    for finding in examine_identity(configuration.credential, timeout=timeout):
        has_token = has_token and finding.verdict is Verdict.GOOD
        yield finding
    for endpoint in endpoints:
        if has_token:
            yield examine_endpoint(
                endpoint, configuration.credential, ca_file=configuration.ca_file, timeout=timeout
            )
        else:
            yield Finding(
                check="endpoint",
                subject=endpoint.label,
                verdict=Verdict.SKIPPED,
                saw="there is no token to ask with",
            )


def _hosts(configuration: Configuration, endpoints: tuple[ServiceEndpoint, ...]) -> list[Host]:
    hosts: list[Host] = []
    credential = configuration.credential
    if isinstance(credential, KeyVaultCredential):
        hosts.append(Host("Key Vault", credential.vault_url, credential.ca_file))
        hosts.append(Host("Entra", credential.authority, credential.ca_file))
    hosts += [Host(each.label, each.url, configuration.ca_file) for each in endpoints]
    return hosts
