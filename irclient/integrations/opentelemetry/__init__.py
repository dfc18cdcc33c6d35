"""Traces and metrics with OpenTelemetry: an instrument to pass among a client's `observers`.

It stands on the API alone (``pip install 'irclient[opentelemetry]'``): the program chooses the SDK
and where it exports to, and without one nothing is recorded.
"""

try:
    from irclient.integrations.opentelemetry.instrument import OpenTelemetry
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "irclient.integrations.opentelemetry needs opentelemetry-api: "
        "pip install 'irclient[opentelemetry]'",
        name=_missing.name,
    ) from None

__all__ = ["OpenTelemetry"]
