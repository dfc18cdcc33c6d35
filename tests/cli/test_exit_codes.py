"""Exit codes: each kind of error has one, and the help lists them all."""

import pytest

from irclient import errors
from irclient.cli.exit_codes import ExitCode, exit_code_of, exit_code_table


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.QueryError("x"), 2),
        (errors.AuthenticationError("x"), 3),
        (errors.AccessDenied("x"), 3),
        (errors.Throttled("x", retry_after=1.0), 4),
        (errors.Unavailable("x"), 5),
        (errors.DeadlineExceeded("x"), 5),
        (errors.NotReady("x"), 6),
        (errors.UnexpectedAnswer("x"), 1),
        (errors.ClientClosed("x"), 1),
    ],
)
def test_each_error_has_its_code(error, code):
    assert exit_code_of(error) == code


def test_the_help_names_every_code():
    assert all(f"{code.value} " in exit_code_table() for code in ExitCode)
