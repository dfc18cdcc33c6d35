"""A local Intelligent Recommendations that real clients talk to, and that fails on demand.

with Emulator() as emulator, IRClient(
    emulator.home, credential=emulator.credential(), transport=emulator.transport()
) as ir:
    emulator.account("contoso-a").fail(faults.Slow(2.5))
    print(ir.popular().served)

Needs the extra ``emulator``.
"""

from irclient._runtime.extras import how_to_install

try:
    from irclient.emulator import faults
    from irclient.emulator.emulator import Emulator
    from irclient.emulator.foreground import serve
    from irclient.emulator.switches import Switches
except ModuleNotFoundError as missing:
    advice = how_to_install(missing, module="irclient.emulator", extra="emulator")
    raise ModuleNotFoundError(advice, name=missing.name) from None

__all__ = ["Emulator", "Switches", "faults", "serve"]
