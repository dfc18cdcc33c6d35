"""A request's host chooses the endpoint, where there are several."""

import pytest

from irclient.server.hosts import Hosts, host_of

TWO = Hosts([("contoso-web", (), "web"), ("contoso-app", ("shop.example",), "app")])


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("contoso-web.mir.prod.reco.microsoft.com", "web"),
        ("CONTOSO-WEB.example:8443", "web"),
        ("contoso-app", "app"),
        ("shop.example.", "app"),
        ("shop.example:80", "app"),
        ("contoso", None),
        ("another.example", None),
        ("[::1]:8080", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_label_or_a_further_host_chooses(header, found):
    assert TWO.find(header) == found


def test_a_single_endpoint_is_reached_by_any_name():
    only = Hosts([("contoso-web", (), "web")])
    assert {only.find(each) for each in (None, "", "10.0.0.1:80", "x")} == {"web"}


def test_ports_and_dots_do_not_belong_to_a_host():
    assert host_of("[::1]:80") == "[::1]"
    assert host_of("A.Example.:443") == "a.example"
