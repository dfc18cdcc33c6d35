"""`ErrorsMiddleware`: answers for errors that views let pass, and the request's own deadline."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import JsonResponse

import irclient
from irclient.errors import IRError, QueryError
from irclient.integrations.deadline_header import seconds_in
from irclient.integrations.django.clients import ir
from irclient.integrations.django.configured import warm_up_for
from irclient.integrations.error_answer import error_answer
from irclient.integrations.health_answer import log_readiness

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from django.http import HttpRequest, HttpResponseBase

__all__ = ["ErrorsMiddleware"]


class ErrorsMiddleware:
    """Answers an `IRError` that a view lets pass, as `irclient.web` says; for both kinds of views.

    A request's header sets how long all calls for it may take together. Where ``IRCLIENT`` asks
    for a warm-up, it is made when a WSGI server loads the application.

    Attributes:
        deadline_header: The header in which a request says how many milliseconds its sender
            waits; None reads none.
    """

    sync_capable: ClassVar = True
    async_capable: ClassVar = True
    deadline_header: ClassVar[str | None] = "x-request-timeout-ms"

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        # That of inspect does not know what Django marks before Python 3.12.
        self._is_async = iscoroutinefunction(get_response)  # pyright: ignore[reportDeprecated]
        if self._is_async:
            markcoroutinefunction(self)
        elif warm_up_for():
            log_readiness(ir.warm_up(warm_up_for()))

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401  (an answer, or one to await)
        """Answer a request, or return what to await."""
        if self._is_async:
            return self._answer_async(request)
        try:
            deadline = self._deadline(request)
        except QueryError as error:
            return _answer(error)
        with deadline:
            return self._get_response(request)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        try:
            deadline = self._deadline(request)
        except QueryError as error:
            return _answer(error)
        with deadline:
            answer: HttpResponseBase = await self._get_response(request)
            return answer

    def _deadline(self, request: HttpRequest) -> AbstractContextManager[object]:
        header = self.deadline_header
        value = None if header is None else request.headers.get(header)
        if header is None or value is None:
            return nullcontext()
        return irclient.deadline(seconds_in(value, header=header))

    def process_exception(
        self, _request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Answer in place of a view that raised; None leaves other errors to Django."""
        return _answer(exception) if isinstance(exception, IRError) else None


def _answer(error: IRError) -> HttpResponseBase:
    status, headers, body = error_answer(error)
    answer = JsonResponse(body, status=status)
    for name, value in headers.items():
        answer[name] = value
    return answer
