"""What is wrong with a data-contract folder as a whole."""

from irclient.errors import ConfigurationError

__all__ = ["DataContractError"]


class DataContractError(ConfigurationError):
    """The folder does not follow the data contract: says the file, the line and the fix."""
