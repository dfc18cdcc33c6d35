"""`health`: whether calls can succeed, for a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.handlers.asgi import ASGIRequest
from django.http import JsonResponse

from irclient.integrations.django.clients import aio, ir, made_clients
from irclient.integrations.health_answer import health_answer

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["health"]


async def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 while calls of this process can succeed, else 503."""
    clients = made_clients() or [aio if isinstance(request, ASGIRequest) else ir]
    answers = [health_answer(each.readiness()) for each in clients]
    status, headers, body = max(answers, key=lambda answer: answer.status)
    return JsonResponse(body, status=status, headers=headers)
