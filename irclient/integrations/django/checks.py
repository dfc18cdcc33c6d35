"""System checks: what ``manage.py check`` says about the configuration."""

from __future__ import annotations

import warnings
from typing import Any

from django.core import checks

from irclient.errors import ConfigurationError
from irclient.integrations.django.configured import NAME, comes_from_environment, configured

__all__ = ["check_configuration"]


def check_configuration(app_configs: object, **_: Any) -> list[checks.CheckMessage]:  # noqa: ANN401  (Django's protocol)
    """Say what is wrong with ``settings.IRCLIENT``, in the configuration's own words.

    What comes from the environment is only warned of: tests, migrations and ``collectstatic``
    are often run where the server's variables are not set.

    Args:
        app_configs: The applications to check, or None for all.
    """
    del app_configs
    found: list[checks.CheckMessage] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        try:
            configured()
        except ConfigurationError as problem:
            hint = f"See {NAME} in the settings, or run: manage.py irclient_doctor"
            if comes_from_environment():
                found.append(checks.Warning(str(problem), hint=hint, id="irclient.W002"))
            else:
                found.append(checks.Error(str(problem), hint=hint, id="irclient.E001"))
    found += [checks.Warning(str(each.message), id="irclient.W001") for each in warned]
    return found
