"""``{% load irclient %}``: a tag that fetches a list."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from django.template import Library, TemplateSyntaxError
from django.utils.asyncio import async_unsafe

from irclient.errors import IRError
from irclient.integrations.django.clients import ir
from irclient.integrations.django.configured import raises_in_templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.results import RecommendationList, RecommendedItem

__all__ = ["recommendations", "register"]

_LOGGER: Final = logging.getLogger("irclient.web")
_LISTS: Final = (
    "bought_together", "cart", "new", "personalize", "picks", "popular", "similar", "trending",
)  # fmt: skip

register = Library()


@register.simple_tag
@async_unsafe("The tag waits for its list: in an async view fetch it with aio before.")
def recommendations(operation: str, *arguments: Any, **named: Any) -> Sequence[RecommendedItem]:  # noqa: ANN401  (the list method's own)
    """Fetch a list: ``{% recommendations "similar" item.pk count=5 as items %}``.

    Without a list there are no items, so that a page does without; ``IRCLIENT["raise"]`` shows
    the error instead.

    Args:
        operation: The name of the client's method.
        arguments: What that takes.
        named: What that takes by name.
    """
    if operation not in _LISTS:
        raise TemplateSyntaxError(f"{operation!r} is not a list; known are {', '.join(_LISTS)}")
    try:
        found: RecommendationList = getattr(ir, operation)(*arguments, **named)
    except IRError as error:
        if raises_in_templates():
            raise
        _LOGGER.warning("no list of %s: %s: %s", operation, type(error).__name__, error)
        return ()
    return found
