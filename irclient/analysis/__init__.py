"""Tables of many lists, for notebooks: collect them, look at them, compare two sets of them.

lists = collect(ir, [Similar(item, count=10) for item in items])
lists.frame()
compare(lists, other_lists).summary

Needs the extra ``analysis``.
"""

from irclient._runtime.extras import how_to_install
from irclient.errors import ConfigurationError

try:
    from irclient.analysis.collecting import acollect, collect
    from irclient.analysis.comparison import Comparison, compare
    from irclient.analysis.lists import Lists
except ModuleNotFoundError as missing:
    advice = how_to_install(missing, module="irclient.analysis", extra="analysis")
    raise ConfigurationError(advice) from None

__all__ = ["Comparison", "Lists", "acollect", "collect", "compare"]
