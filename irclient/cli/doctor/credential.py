"""Whether a token can be fetched: the secret in Key Vault, then the exchange for a token at Entra.

Both are done by what the client's own credential is made of, once and without trying again, so
that what is told is what the other side said and not that it took too long.
"""

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar, cast

from irclient.auth import Credential, KeyVaultCredential, StaticToken
from irclient.auth.azure import CredentialExchange
from irclient.auth.exchange import FetchedToken, TokenRefused, TokenUnanswered
from irclient.auth.keyvault import client_credentials, secret_place
from irclient.auth.secret import KeptSecret
from irclient.cli.doctor.finding import Finding, Verdict, within

__all__ = ["describe_token", "examine_credential"]

T = TypeVar("T")

#: Days before the end of a secret at which it is worth a warning: somebody has to act.
_SECRET_SOON_DAYS = 30
#: Seconds before the end of a token that nothing renews.
_TOKEN_SOON = 3600.0
_ADVICE_FOR_TIME = (
    "check that this machine reaches the host: its DNS, firewall and private endpoint; or allow "
    "more time with --timeout"
)


@dataclass(frozen=True, slots=True)
class _Trouble:
    saw: str
    advice: str

    def mended_by(self, obstacle: Finding | None) -> str:
        """What to do about it; an obstacle on the way to the host comes first."""
        return self.advice if obstacle is None or obstacle.advice is None else obstacle.advice


def examine_credential(
    credential: Credential,
    *,
    timeout: float,
    obstacles: Mapping[str, Finding | None] = MappingProxyType({}),
) -> Iterator[Finding]:
    """Check that the secret can be read, where there is one, and that it buys a token.

    Args:
        credential: What the client gets its tokens by.
        timeout: Seconds that each check may take.
        obstacles: What was found wrong with the way to a host, by its purpose: then that is also
            the advice here.
    """
    if isinstance(credential, StaticToken):
        token = credential.read(time.monotonic()).token
        yield _static_token("" if token is None else token.reveal())
    elif isinstance(credential, KeyVaultCredential):
        yield from _examine_key_vault(credential, timeout=timeout, obstacles=obstacles)
    else:
        yield _examine_exchange(CredentialExchange(credential).ask, timeout=timeout)


def _examine_key_vault(
    credential: KeyVaultCredential, *, timeout: float, obstacles: Mapping[str, Finding | None]
) -> Iterator[Finding]:
    place, entra = secret_place(credential), client_credentials(credential)
    subject = f"{credential.secret_name} in {credential.vault_url}"
    begun_at = time.monotonic()
    kept = _tried(place.look, timeout=timeout)
    elapsed = time.monotonic() - begun_at
    if isinstance(kept, _Trouble):
        yield Finding(
            check="secret",
            subject=subject,
            verdict=Verdict.WRONG,
            saw=kept.saw,
            advice=kept.mended_by(obstacles.get("Key Vault")),
            elapsed=elapsed,
        )
        yield Finding(
            check="token",
            subject="Entra",
            verdict=Verdict.SKIPPED,
            saw="there is no secret to exchange",
        )
        return
    yield _secret_finding(kept, subject=subject, elapsed=elapsed)
    yield _examine_exchange(
        lambda: entra.token_for(kept.value), timeout=timeout, obstacle=obstacles.get("Entra")
    )


def _tried(step: Callable[[], T], *, timeout: float) -> T | _Trouble:
    try:
        return within(timeout, step)
    except (TokenRefused, TokenUnanswered) as failure:
        return _Trouble(failure.what, failure.fix or _ADVICE_FOR_TIME)
    except TimeoutError as late:
        return _Trouble(str(late), _ADVICE_FOR_TIME)


def _secret_finding(kept: KeptSecret, *, subject: str, elapsed: float) -> Finding:
    saw, advice = "the secret can be read", None
    if kept.ends_at is not None:
        left = kept.ends_at - time.time()
        day = datetime.fromtimestamp(kept.ends_at, UTC)
        saw += f"; the vault notes that it ends on {day:%Y-%m-%d}"
        if left < _SECRET_SOON_DAYS * 24 * 3600:
            saw += ", which is past" if left < 0 else f", in {left / 86_400:.0f} days"
            advice = "make a new secret for the application in Entra and put it into the vault"
    return Finding.of_what_works("secret", subject, saw, advice, elapsed=elapsed)


def _examine_exchange(
    exchange: Callable[[], FetchedToken], *, timeout: float, obstacle: Finding | None = None
) -> Finding:
    begun_at = time.monotonic()
    fetched = _tried(exchange, timeout=timeout)
    elapsed = time.monotonic() - begun_at
    if isinstance(fetched, _Trouble):
        return Finding(
            check="token",
            subject="Entra",
            verdict=Verdict.WRONG,
            saw=fetched.saw,
            advice=fetched.mended_by(obstacle),
            elapsed=elapsed,
        )
    token = fetched.value
    saw = f"lives for {fetched.lives_for:.0f} s; {describe_token(token, now=time.time())}"
    ends_at = _end_of(token)
    is_over = ends_at is not None and ends_at <= time.time()
    # It was issued a moment ago, so it has not ended: this machine only thinks so.
    advice = "set this machine's clock: by it the token ended before it came"
    return Finding(
        check="token",
        subject="Entra",
        verdict=Verdict.WRONG if is_over else Verdict.GOOD,
        saw=saw,
        advice=advice if is_over else None,
        elapsed=elapsed,
    )


def _static_token(token: str) -> Finding:
    ends_at, now = _end_of(token), time.time()
    verdict, advice = Verdict.GOOD, None
    if ends_at is not None and ends_at <= now:
        verdict, advice = Verdict.WRONG, "fetch a new token"
    elif ends_at is not None and ends_at <= now + _TOKEN_SOON:
        verdict = Verdict.WARNING
        advice = "fetch a new token before that, or use a credential that renews it"
    return Finding(
        check="token",
        subject="given as it is",
        verdict=verdict,
        saw=describe_token(token, now=now),
        advice=advice,
    )


def describe_token(token: str, *, now: float) -> str:
    """Say for whom and until when a token is, and never show the token itself."""
    claims = _claims(token)
    if claims is None:
        return "opaque (not a JWT), so its audience and end cannot be read"
    parts = [f"audience {_short(claims.get('aud'))}"]
    app_id = claims.get("appid") or claims.get("azp")
    if app_id:
        parts.append(f"App ID {_short(app_id)}")
    ends_at = _end_of(token)
    if ends_at is not None:
        left = ends_at - now
        words = f"{left:.0f} s left" if left > 0 else "expired"
        parts.append(f"until {_instant(ends_at)} ({words})")
    return ", ".join(parts)


def _instant(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{at:g} s after 1970"


def _end_of(token: str) -> float | None:
    ends_at = (_claims(token) or {}).get("exp")
    return float(ends_at) if isinstance(ends_at, int | float) else None


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT, unverified: they are shown to people, and nothing is granted by them."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims: object = json.loads(payload)
    except (binascii.Error, ValueError):
        return None
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else None


def _short(claim: object) -> str:
    return str(claim)[:100]
