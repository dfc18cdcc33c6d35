"""Whether a token can be had: the secret in Key Vault, then the exchange for a token at Entra.

Both are done by the client's own token source, so that what is examined is what calls rely on.
"""

import base64
import binascii
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

from irclient._core.protocol import TokenReading
from irclient.auth import Credential, KeyVaultCredential, StaticToken, token_source
from irclient.cli.doctor.finding import Finding, Verdict, within
from irclient.observe import Record, SecretRead, TokenRenewed

__all__ = ["describe_token", "examine_identity"]


def examine_identity(credential: Credential, *, timeout: float) -> Iterator[Finding]:
    """Check that the secret can be read, where there is one, and that it buys a token."""
    told: list[Record] = []
    begun_at = time.monotonic()
    reading, late = _fetch(credential, told, timeout=timeout)
    elapsed = time.monotonic() - begun_at
    reason = str(reading.error) if reading.error else f"no answer within {timeout:g} s"
    token = None if late else reading.token
    if isinstance(credential, KeyVaultCredential):
        was_read = token is not None or any(isinstance(each, SecretRead) for each in told)
        yield _secret_finding(credential, reason=None if was_read else reason)
        if not was_read:
            yield Finding(
                check="token",
                subject="Entra",
                verdict=Verdict.SKIPPED,
                saw="there is no secret to exchange",
            )
            return
    yield _token_finding(credential, token, told=told, reason=reason, elapsed=elapsed)


def _fetch(
    credential: Credential, told: list[Record], *, timeout: float
) -> tuple[TokenReading, bool]:
    """Read a token, doing the fetch that this takes; True when it took too long."""
    source = token_source(credential)
    reading = source.read(time.monotonic())
    work = reading.work
    if work is None:
        return reading, False
    try:
        within(timeout, lambda: work(told.append))
    except TimeoutError:
        return reading, True
    return source.read(time.monotonic()), False


def _secret_finding(credential: KeyVaultCredential, *, reason: str | None) -> Finding:
    subject = f"{credential.secret_name} in {credential.vault_url}"
    if reason is None:
        return Finding(
            check="secret", subject=subject, verdict=Verdict.GOOD, saw="the secret can be read"
        )
    return Finding(
        check="secret",
        subject=subject,
        verdict=Verdict.WRONG,
        saw=reason,
        advice=(
            "check vault_url and secret_name, and that the identity of this process may read "
            "secrets there (role Key Vault Secrets User)"
        ),
    )


def _token_finding(
    credential: Credential,
    token: str | None,
    *,
    told: list[Record],
    reason: str,
    elapsed: float,
) -> Finding:
    subject = "given as it is" if isinstance(credential, StaticToken) else "Entra"
    if token is None:
        return Finding(
            check="token",
            subject=subject,
            verdict=Verdict.WRONG,
            saw=reason,
            advice="check tenant_id, client_id and scope, and whether the secret has expired",
            elapsed=elapsed,
        )
    lifetimes = [each.lifetime for each in told if isinstance(each, TokenRenewed)]
    saw = f"lives for {lifetimes[-1]:.0f} s; " if lifetimes else ""
    saw += describe_token(token, now=time.time())
    verdict = Verdict.WRONG if _has_expired(token) else Verdict.GOOD
    advice = "fetch a new token" if verdict is Verdict.WRONG else None
    return Finding(
        check="token", subject=subject, verdict=verdict, saw=saw, advice=advice, elapsed=elapsed
    )


def describe_token(token: str, *, now: float) -> str:
    """Say for whom and until when a token is, and never show the token itself."""
    claims = _claims(token)
    if claims is None:
        return "opaque (not a JWT), so its audience and end cannot be told"
    parts = [f"audience {_short(claims.get('aud'))}"]
    app_id = claims.get("appid") or claims.get("azp")
    if app_id:
        parts.append(f"App ID {_short(app_id)}")
    ends_at = claims.get("exp")
    if isinstance(ends_at, int | float):
        until = datetime.fromtimestamp(ends_at, UTC)
        left = ends_at - now
        words = f"{left:.0f} s left" if left > 0 else "expired"
        parts.append(f"until {until:%Y-%m-%d %H:%M:%S} UTC ({words})")
    return ", ".join(parts)


def _has_expired(token: str) -> bool:
    ends_at = (_claims(token) or {}).get("exp")
    return isinstance(ends_at, int | float) and ends_at <= time.time()


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
