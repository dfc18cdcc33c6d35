"""The template tag: a list, or nothing, so that a page does without."""

from __future__ import annotations

import asyncio

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.template import Context, Template, TemplateSyntaxError
from django.test import override_settings

from irclient import Unavailable
from tests.integrations.django.conftest import ACCOUNTS

TAG = """{% load irclient %}{% recommendations "similar" item count=2 as others %}
{% for other in others %}[{{ other.id }}]{% endfor %}"""


def page(text=TAG, **values) -> str:
    return Template(text).render(Context(values)).strip()


def test_the_tag_gives_the_items_of_a_list(service) -> None:
    service.on(operation="similar").answer(ids=["1", "2", "3"])
    assert page(item="7") == "[1][2]"
    assert (service.requests[-1].item_ids, service.requests[-1].count) == (("7",), 2)


def test_the_tag_is_empty_when_there_is_no_list(service) -> None:
    service.on().fail(503)
    assert page(item="7") == ""


def test_the_tag_is_empty_when_the_page_has_nothing_to_ask_with(service) -> None:
    assert page() == ""
    assert not service.requests


def test_the_tag_raises_where_the_project_wants_to_see_errors(service) -> None:
    service.on().fail(503)
    with override_settings(IRCLIENT={**ACCOUNTS, "raise": True}), pytest.raises(Unavailable):
        page(item="7")


def test_a_list_that_there_is_not_is_a_mistake_in_the_template(service) -> None:
    with pytest.raises(TemplateSyntaxError, match="'close' is not a list; known are"):
        page('{% load irclient %}{% recommendations "close" %}')


def test_an_event_loop_is_not_held_up(service) -> None:
    async def view():
        return page(item="7")

    with pytest.raises(SynchronousOnlyOperation, match="fetch it with aio"):
        asyncio.run(view())
