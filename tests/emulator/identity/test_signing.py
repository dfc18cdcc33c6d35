"""Access tokens: signed, verified, refused."""

import jwt
import pytest

from irclient.emulator.identity.signing import AccessToken, InvalidToken, Signer

TOKEN = AccessToken(app_id="app", audience="https://Vault.example/", expires_at=1000.5)


@pytest.fixture(scope="module")
def signer():
    return Signer()


def issue(signer, token=TOKEN):
    return signer.issue(token, issuer="https://localhost/t/v2.0", tenant_id="t", issued_at=900.0)


def test_a_token_is_read_back(signer):
    text = issue(signer)
    for _ in range(2):  # the second time from memory
        assert signer.verify(text, audiences={"https://vault.example"}, now=1000.0) == TOKEN


def test_the_published_key_verifies_a_token(signer):
    text = issue(signer)
    key = jwt.PyJWKSet.from_dict(signer.key_set())[jwt.get_unverified_header(text)["kid"]]
    options = {"verify_exp": False, "verify_aud": False}
    assert jwt.decode(text, key, ["RS256"], options=options)["appid"] == "app"


def test_the_published_key_holds_nothing_private(signer):
    assert set(signer.key_set()["keys"][0]) == {"kty", "key_ops", "n", "e", "kid", "use", "alg"}


@pytest.mark.parametrize(
    ("audiences", "now", "words"),
    [({"other"}, 1000.0, "audience"), ({"https://vault.example"}, 1000.5, "expired 0.0 s ago")],
)
def test_a_token_counts_for_its_audience_and_time_alone(signer, audiences, now, words):
    with pytest.raises(InvalidToken, match=words):
        signer.verify(issue(signer), audiences=audiences, now=now)


def test_foreign_and_unsigned_tokens_are_refused_without_showing_them(signer):
    unsigned = jwt.encode({"azp": "app", "aud": "a", "exp": 2000}, None, "none")
    for text in (issue(Signer()), unsigned, "nonsense"):
        with pytest.raises(InvalidToken, match="not a token of this tenant") as caught:
            signer.verify(text, audiences={"https://vault.example", "a"}, now=0.0)
        assert text not in str(caught.value)


def test_a_new_key_ends_every_token():
    signer = Signer()
    text = issue(signer)
    signer.verify(text, audiences={"https://vault.example"}, now=0.0)
    signer.replace_key()
    with pytest.raises(InvalidToken):
        signer.verify(text, audiences={"https://vault.example"}, now=0.0)
