"""Which endpoint of a configuration is meant."""

import pytest

from irclient import Pair, ServiceEndpoint, Settings, StaticToken, TrafficSplit
from irclient.cli.configured import endpoint_named, endpoints_of
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError

A, B, C = (ServiceEndpoint(name, "web", tps=1) for name in ("a", "b", "c"))
OTHER = ServiceEndpoint("a", "app", tps=1)


def configured(endpoints):
    return Configuration(endpoints, StaticToken("t"), Settings())


def test_a_split_names_each_endpoint_once():
    split = TrafficSplit({"blue": Pair(A, B), "green": [C, A]}, weights={"blue": 1, "green": 1})

    assert endpoints_of(configured(split)) == (A, B, C)


def test_an_account_or_a_label_names_an_endpoint_and_the_only_one_needs_no_name():
    assert endpoint_named("b", configured(Pair(A, B))) == B
    assert endpoint_named("a/app", configured([A, OTHER])) == OTHER
    assert endpoint_named(None, configured(A)) == A


@pytest.mark.parametrize(
    ("account", "endpoints", "words"),
    [
        (None, Pair(A, B), "name one account; configured are a/web, b/web"),
        ("x", Pair(A, B), "no endpoint of 'x' among those configured: a/web, b/web"),
        ("a", [A, OTHER], "several endpoints of 'a'"),
    ],
)
def test_an_unclear_name_is_refused_with_what_there_is(account, endpoints, words):
    with pytest.raises(ConfigurationError, match=words):
        endpoint_named(account, configured(endpoints))
