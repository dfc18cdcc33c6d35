"""The machine and the versions that figures were measured with."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from benchmarks.rivals import PACKAGES, installed
from irclient import __version__

__all__ = ["load", "machine", "versions"]


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
    }


def versions() -> dict[str, str]:
    """The versions of everybody who is measured; rivals that are not installed are named so."""
    named = {package: installed(who) or "not installed" for who, package in PACKAGES.items()}
    return {"irclient": __version__, **named}


def load() -> float:
    """How many processes wanted to run in the last minute, on average."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown")
