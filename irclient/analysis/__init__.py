"""Tables of many lists, for notebooks: collect them, look at them, compare two sets of them.

lists = collect(ir, [Similar(item, count=10) for item in items])
lists.frame()
compare(lists, other_lists).summary

Needs the extra ``analysis``.
"""

from irclient.errors import ConfigurationError

try:
    from irclient.analysis.collecting import acollect, collect
    from irclient.analysis.comparison import Comparison, compare
    from irclient.analysis.lists import Lists
except ModuleNotFoundError as missing:
    package = (missing.name or "irclient").partition(".")[0]
    if package == "irclient":
        raise
    raise ConfigurationError(
        f"irclient.analysis needs {package}: pip install 'irclient[analysis]'"
    ) from None

__all__ = ["Comparison", "Lists", "acollect", "collect", "compare"]
