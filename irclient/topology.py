"""Where lists come from: service endpoints, the pair that acts as one, regions, and variants."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from irclient._values.without_login import without_login
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Endpoints",
    "Pair",
    "ServiceEndpoint",
    "TrafficSplit",
    "checked_weights",
    "flatten",
    "is_loopback",
    "pairs",
]

#: Where the hosted service was (contract section 2, documented), until its retirement.
HOSTED_DOMAIN: Final = ".mir.prod.reco.microsoft.com"
_HOST: Final = "{account}-{name}" + HOSTED_DOMAIN
_LONGEST_HOST = 253
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")


class _Derived(str):
    """A URL that was not given: an endpoint of another account or name has another."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ServiceEndpoint:
    """One service endpoint of one IR account.

    Attributes:
        account: The IR account's name.
        name: The service endpoint's name within the account.
        tps: Transactions per second that the endpoint is provisioned with
            (``preAllocatedCapacity``, contract section 12).
        url: Where it answers, as a base URL. The default is the host that Microsoft documented
            for account and name, and has retired, so in practice each endpoint needs its own.
            HTTPS only, but for loopback hosts.
        modeling: The modeling component to read where a query names none.
        region: The region's name, for people: it appears in health and logs.
    """

    account: str
    name: str
    tps: float = field(kw_only=True)
    url: str = field(default="", kw_only=True)
    modeling: str | None = field(default=None, kw_only=True)
    region: str | None = field(default=None, kw_only=True)

    def __hash__(self) -> int:
        # Endpoints are keys in every decision of a call, and a str remembers its own hash.
        return hash(self.url)

    def __post_init__(self) -> None:
        for what, value in (("account", self.account), ("name", self.name)):
            if not isinstance(value, str) or not _NAME.fullmatch(value):
                # A URL that was put here may hold a password.
                shown = without_login(value) if isinstance(value, str) else value
                raise ConfigurationError(
                    f"ServiceEndpoint: {what} must be letters, digits, '-', '_' or '.', "
                    f"got {shown!r}"
                )
        _check_tps(self.label, self.tps)
        for what, text in (("modeling", self.modeling), ("region", self.region)):
            if text is not None and (not isinstance(text, str) or not text.strip()):
                raise ConfigurationError(
                    f"{self.label}: {what} must be a str that is not blank, got {text!r}"
                )
        kind, given = str, self.url
        if not given or isinstance(given, _Derived):
            kind = _Derived
            given = "https://" + _HOST.format(account=self.account, name=self.name)
        object.__setattr__(self, "url", kind(base_url(f"{self.label}: url", given)))

    @property
    def label(self) -> str:
        """``account/name``: how logs, errors and health name this endpoint."""
        return f"{self.account}/{self.name}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two accounts that act as one: each answers whenever the other does not.

    Attributes:
        primary: The account that is asked first.
        secondary: The other account.
        mode: ``"active-passive"``: the secondary stands by, and gets only a trickle of calls.
            ``"active-active"``: both share the calls, each in proportion to how quickly it
            answers, so both TPS are used and both are warm.
    """

    primary: ServiceEndpoint
    secondary: ServiceEndpoint
    mode: Literal["active-passive", "active-active"] = "active-passive"

    def __post_init__(self) -> None:
        for what, value in (("primary", self.primary), ("secondary", self.secondary)):
            if not isinstance(value, ServiceEndpoint):
                raise ConfigurationError(
                    f"Pair: {what} must be a ServiceEndpoint, got {type(value).__name__}"
                )
        if self.mode not in {"active-passive", "active-active"}:
            raise ConfigurationError(
                f"Pair: mode must be 'active-passive' or 'active-active', got {self.mode!r}"
            )
        _refuse_doubles((self.primary, self.secondary))


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """Several variants that share the traffic, for canary, blue-green and A/B.

    Attributes:
        variants: What each variant's calls go to, by the variant's name.
        weights: Each variant's part of the traffic; they need not add up to 100.
        salt: Changes who falls into which variant; keep it while an experiment runs.
    """

    variants: Mapping[str, RegionOrRegions]
    weights: Mapping[str, float] = field(kw_only=True)
    salt: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.variants, Mapping) or not self.variants:
            raise ConfigurationError(
                f"TrafficSplit: variants must map at least one name to endpoints, "
                f"got {self.variants!r}"
            )
        if not isinstance(self.weights, Mapping):
            raise ConfigurationError(
                f"TrafficSplit: weights must map each variant's name to a number, "
                f"got {self.weights!r}"
            )
        for name, endpoints in self.variants.items():
            if isinstance(endpoints, TrafficSplit):
                raise ConfigurationError(f"TrafficSplit: variant {name!r} is itself a TrafficSplit")
            flatten(endpoints)
        # Copies, so that what was checked is what is used.
        object.__setattr__(self, "variants", dict(self.variants))
        object.__setattr__(self, "weights", checked_weights(self.weights, self.variants))


Region: TypeAlias = ServiceEndpoint | Pair
RegionOrRegions: TypeAlias = Region | Sequence[Region]
Endpoints: TypeAlias = RegionOrRegions | TrafficSplit


def flatten(endpoints: RegionOrRegions) -> tuple[ServiceEndpoint, ...]:
    """Every service endpoint in the order of preference: the home region first, then DR."""
    regions = (endpoints,) if isinstance(endpoints, ServiceEndpoint | Pair) else endpoints
    if isinstance(regions, str) or not isinstance(regions, Sequence) or not regions:
        raise ConfigurationError(
            "endpoints must be a ServiceEndpoint, a Pair, a list of them (home first, then DR) "
            f"or a TrafficSplit, got {endpoints!r}"
        )
    flat: list[ServiceEndpoint] = []
    for region in regions:
        if isinstance(region, Pair):
            flat += (region.primary, region.secondary)
        elif isinstance(region, ServiceEndpoint):
            flat.append(region)
        else:
            raise ConfigurationError(
                f"each region must be a ServiceEndpoint or a Pair, got {type(region).__name__}"
            )
    _refuse_doubles(flat)
    return tuple(flat)


def pairs(endpoints: RegionOrRegions) -> tuple[Pair, ...]:
    """The pairs among the regions."""
    if isinstance(endpoints, Pair):
        return (endpoints,)
    if isinstance(endpoints, ServiceEndpoint):
        return ()
    return tuple(each for each in endpoints if isinstance(each, Pair))


def checked_weights(weights: Mapping[str, float], variants: Iterable[str]) -> dict[str, float]:
    """Check the weights of a traffic split and return a copy.

    Raises:
        ConfigurationError: They name other variants, hold no number, or add up to nothing.
    """
    if set(weights) != set(variants):
        raise ConfigurationError(
            f"TrafficSplit: weights must name the variants {sorted(variants)}, "
            f"got {sorted(weights)}"
        )
    for name, weight in weights.items():
        if not _is_number(weight) or weight < 0:
            raise ConfigurationError(
                f"TrafficSplit: weight of {name!r} must be a number of at least 0, got {weight!r}"
            )
    if not sum(weights.values()):
        raise ConfigurationError("TrafficSplit: weights add up to 0; give one variant traffic")
    return dict(weights)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, the one place where plain HTTP is allowed.

    A name is only meant to be: before a token is sent, its address is checked.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(what: str, url: object) -> str:
    """Check a base URL and return it without a trailing slash.

    Raises:
        ConfigurationError: Not an absolute URL, not HTTPS though not loopback, or it carries
            credentials, a query or a fragment.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"{what} must be a str, got {url!r}")
    if "@" in url:
        # Wherever it stands: a password may hold what ends it. It is not shown.
        raise ConfigurationError(f"{what} must not carry credentials; remove everything before '@'")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{what} must be like 'https://host', got {url!r}") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ConfigurationError(f"{what} must be like 'https://host', got {url!r}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"{what} must use https, got {url!r}; plain http is for loopback hosts alone"
        )
    if parts.query or parts.fragment or re.search(r"[\s\\]", url):
        # A query may be a signature, so it is not shown.
        shown = re.split(r"[?#]", url, maxsplit=1)[0]
        raise ConfigurationError(
            f"{what} must have no query, fragment, spaces or backslashes; write {_clean(shown)!r}"
        )
    if not url.isprintable():
        raise ConfigurationError(
            f"{what} must have no letters that cannot be seen, got {url!r}; type it again"
        )
    _check_host(what, host)
    # One form for one host, so that naming it twice is noticed.
    default_port = {"https": ":443", "http": ":80"}[parts.scheme]
    netloc = parts.netloc.lower().removesuffix(default_port)
    return urlunsplit(parts._replace(netloc=netloc)).rstrip("/")


def _check_host(what: str, host: str) -> None:
    """Refuse a host that no name service can know (RFC 1035, section 2.3.4)."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    else:
        return
    try:
        is_possible = len(host.encode("idna")) <= _LONGEST_HOST
    except UnicodeError:
        is_possible = False
    if not is_possible:
        raise ConfigurationError(
            f"{what} must have a host of at most 253 letters, 1 to 63 between two dots, "
            f"got {host!r}; give the account's own names, or the url"
        )


def _clean(url: str) -> str:
    return re.sub(r"[\s\\]", "", url).rstrip("/")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_tps(label: str, tps: float) -> None:
    if not _is_number(tps) or tps <= 0:
        raise ConfigurationError(
            f"{label}: tps must be a number above 0, the endpoint's provisioned transactions "
            f"per second, got {tps!r}"
        )


def _refuse_doubles(endpoints: Sequence[ServiceEndpoint]) -> None:
    labels = [endpoint.label for endpoint in endpoints]
    urls = [endpoint.url for endpoint in endpoints]
    for what, values in (("endpoint", labels), ("url", urls)):
        double = next((value for value in values if values.count(value) > 1), None)
        if double is not None:
            raise ConfigurationError(
                f"{what} {double!r} is named twice; a pair needs two different service endpoints"
            )
