"""Tokens of issuers: what is accepted, and every way to be refused."""

import asyncio
import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from irclient.server.configuration import Issuer
from irclient.server.identity.claims import InvalidToken
from irclient.server.identity.key_set import IssuerKeys, KeysUnavailable
from irclient.server.identity.tokens import Tokens

NOW = 1_800_000_000.0
URL = "https://issuer.example/tenant/v2.0"
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
CLAIMS = {
    "iss": URL,
    "aud": "api://reco",
    "tid": "tenant",
    "azp": "app",
    "exp": NOW + 600,
    "nbf": NOW - 10,
    "roles": ["Reco.Read"],
}


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def public(key, key_id="one", **more):
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, **more}


class Place:
    """An issuer whose keys a test puts there, and the service that trusts it."""

    def __init__(self, *keys, **table):
        self.keys = list(keys) or [public(KEY)]
        self.fetched = 0
        self.clock = Clock()
        issuer = Issuer(
            issuer=URL, **{"audiences": ("api://reco",), "tenants": ("tenant",), **table}
        )
        self.issuer_keys = IssuerKeys(issuer, fetch=self.fetch, clock=self.clock)
        self.tokens = Tokens([self.issuer_keys])

    def fetch(self, _):
        self.fetched += 1
        if isinstance(self.keys, Exception):
            raise self.keys
        return self.keys

    async def prove(self, text, now=NOW):
        return self.tokens.remembered(text, now) or await self.tokens.prove(text, now)


def token(key=KEY, *, algorithm="RS256", key_id="one", headers=None, **claims):
    content = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    payload = json.dumps(content).encode()
    return jwt.PyJWS().encode(payload, key, algorithm, headers={"kid": key_id, **(headers or {})})


def test_a_token_says_whom_it_was_issued_to():
    async def ask():
        caller = await Place().prove(token(appid="v1-app", oid="object"))
        assert caller.ids == ("v1-app", "app", "object")
        assert caller.has_role

    asyncio.run(ask())


def part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


UNSIGNED = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(CLAIMS)}."
NONE_WITH_KEY_ID = f"{part({'alg': 'nOnE', 'kid': 'one'})}.{part(CLAIMS)}."


def forged_with_the_public_key():
    """HS256 with the public key as its secret: signed by anyone who can read the key set."""
    header, payload = part({"alg": "HS256", "kid": "one"}), part(CLAIMS)
    secret = json.dumps(public(KEY)).encode()
    signature = hmac.new(secret, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "text",
    [
        UNSIGNED,
        NONE_WITH_KEY_ID,
        forged_with_the_public_key(),
        token("a" * 64, algorithm="HS256"),
        token(OTHER_KEY),
        token(exp=NOW - 1),
        token(exp=NOW),
        token(exp=None),
        token(exp="tomorrow"),
        token(exp=True),
        token(exp=float("inf")),
        token(nbf=NOW + 1),
        token(nbf=[1]),
        token(aud="api://another"),
        token(aud=["api://reco"]),
        token(aud=["api://reco", "api://another"]),
        token(aud=None),
        token(aud=7),
        token(iss="https://issuer.example/another/v2.0"),
        token(iss=URL + "/"),
        token(iss=None),
        token(iss=[URL]),
        token(tid="another"),
        token(tid=None),
        token(tid=["tenant"]),
        token(azp=["app"]),
        token(headers={"crit": ["x"], "x": 1}),
        token(key_id="unknown"),
        "nonsense",
        "a.b.c",
        "..",
        "." * 5_000,
        part({"alg": "RS256"}) + "." + part([]) + ".x",
        f"{part({'alg': ['RS256'], 'kid': 'one'})}.{part(CLAIMS)}.{'A' * 342}",
        f"{part({'alg': 'RS256', 'kid': ['one']})}.{part(CLAIMS)}.{'A' * 342}",
        part("[" * 5_000) + ".x.y",
        base64.urlsafe_b64encode(b"[" * 9_000).decode().rstrip("=") + ".e30.AA",
        token()[:-4] + "AAAA",
        "\u00ff\u00fe",
    ],
)
def test_a_hostile_token_is_refused(text):
    async def ask():
        place = Place()
        with pytest.raises(InvalidToken) as caught:
            await place.prove(text)
        assert text not in str(caught.value)
        # Nothing of it was remembered, and it is refused again.
        with pytest.raises(InvalidToken):
            await place.prove(text)

    asyncio.run(ask())


def test_a_key_is_only_good_for_its_own_algorithms():
    async def ask():
        for key in (public(KEY, alg="RS512"), public(KEY, kty="oct", k="AAAA"), {"kid": "one"}):
            with pytest.raises(InvalidToken):
                await Place(key).prove(token())

    asyncio.run(ask())


def test_a_key_that_can_be_broken_is_not_used():
    async def ask():
        small = rsa.generate_private_key(public_exponent=65_537, key_size=1024)
        signed = f"{part({'alg': 'RS256', 'kid': 'one'})}.{part(CLAIMS)}"
        signature = small.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        text = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        with pytest.raises(InvalidToken):
            await Place(public(small)).prove(text)

    asyncio.run(ask())


def test_elliptic_keys_sign_too():
    async def ask():
        key = ec.generate_private_key(ec.SECP256R1())
        place = Place(public(key))
        assert (await place.prove(token(key, algorithm="ES256"))).label == "app"

    asyncio.run(ask())


def test_a_remembered_token_still_expires_and_ends_with_its_key():
    async def ask():
        place, text = Place(), token()
        await place.prove(text)
        assert place.tokens.remembered(text, NOW + 599) is not None
        with pytest.raises(InvalidToken, match="expired"):
            place.tokens.remembered(text, NOW + 600)
        place.keys = [public(OTHER_KEY, "two")]
        place.clock.now += 5.0
        await place.prove(token(OTHER_KEY, key_id="two"))
        with pytest.raises(InvalidToken):
            await place.prove(text)

    asyncio.run(ask())


def test_a_new_key_is_accepted_within_seconds_and_unknown_ones_do_not_flood_the_issuer():
    async def ask():
        place = Place()
        await place.prove(token())
        for _ in range(50):
            with pytest.raises(InvalidToken):
                await place.prove(token(OTHER_KEY, key_id="two"))
        assert place.fetched == 1
        place.keys = [public(KEY), public(OTHER_KEY, "two")]
        place.clock.now += 5.0
        assert (await place.prove(token(OTHER_KEY, key_id="two"))).label == "app"
        assert place.fetched == 2
        # A key that was replaced under its old name is found as well.
        third = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        place.keys = [public(third, "two")]
        place.clock.now += 5.0
        assert (await place.prove(token(third, key_id="two"))).label == "app"

    asyncio.run(ask())


def test_an_issuer_that_fails_leaves_the_known_keys_and_without_any_says_so():
    async def ask():
        place = Place()
        good = place.keys
        place.keys = OSError("no route")
        with pytest.raises(KeysUnavailable, match="no keys of https"):
            await place.prove(token())
        place.keys = good
        place.clock.now += 5.0
        await place.prove(token())
        place.keys = OSError("no route")
        place.clock.now += 1_000.0
        await place.prove(token())
        await asyncio.sleep(0.05)
        assert (await place.prove(token(azp="another"))).label == "another"

    asyncio.run(ask())


def test_many_at_once_fetch_once():
    async def ask():
        place = Place()
        callers = await asyncio.gather(*(place.prove(token(azp=f"app-{n}")) for n in range(20)))
        assert [each.label for each in callers] == [f"app-{n}" for n in range(20)]
        assert place.fetched == 1

    asyncio.run(ask())


def test_roles_and_leeway_are_the_issuers():
    async def ask():
        assert not (await Place(roles=("Reco.Admin",)).prove(token())).has_role
        assert (await Place(roles=("Reco.Admin", "Reco.Read")).prove(token())).has_role
        assert not (await Place(roles=("Reco.Read",)).prove(token(roles="Reco.Read"))).has_role
        await Place(leeway=30).prove(token(exp=NOW - 20, nbf=NOW + 20))

    asyncio.run(ask())
