"""A local Intelligent Recommendations that real clients talk to, and that fails on demand.

with Emulator() as emulator, IRClient(
    emulator.home, credential=emulator.credential(), transport=emulator.transport()
) as ir:
    emulator.account("contoso-a").fail(faults.Slow(2.5))
    print(ir.popular().served)

Needs the extra ``emulator``.
"""

try:
    from irclient.emulator import faults
    from irclient.emulator.emulator import Emulator
    from irclient.emulator.foreground import serve
    from irclient.emulator.switches import Switches
except ModuleNotFoundError as missing:
    package = (missing.name or "irclient").partition(".")[0]
    if package == "irclient":
        raise
    raise ModuleNotFoundError(
        f"irclient.emulator needs {package}: pip install 'irclient[emulator]'",
        name=missing.name,
    ) from None

__all__ = ["Emulator", "Switches", "faults", "serve"]
