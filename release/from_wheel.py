"""Installs a wheel as a user would, with each of some Pythons, and tries it.

    python release/from_wheel.py dist/irclient-….whl python3.11 python3.12 …

A Python that cannot be started is named and left out; none at all is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SMOKE = Path(__file__).with_name("smoke.py").resolve()


def extras_of(wheel: Path) -> str:
    """All extras that the wheel's description names, as pip takes them."""
    with zipfile.ZipFile(wheel) as packed:
        [metadata] = [each for each in packed.namelist() if each.endswith(".dist-info/METADATA")]
        text = packed.read(metadata).decode()
    return ",".join(re.findall(r"^Provides-Extra: (\S+)$", text, re.MULTILINE))


def run(*command: str | Path, within: Path, expect: int = 0) -> str:
    done = subprocess.run(
        [str(each) for each in command],
        cwd=within,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != expect:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def try_with(python: str, wheel: Path, folder: Path) -> None:
    run(python, "-m", "venv", "venv", within=folder)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    own = scripts / "python"
    pip = (own, "-m", "pip", "--disable-pip-version-check", "-q", "install")
    run(*pip, wheel, within=folder)
    # The advice of the command without its extra is taken to the letter, and must not bring
    # another package of this name from an index.
    said = run(scripts / "irclient", "--version", within=folder, expect=2)
    advised = re.search(r"pip install '(irclient\[cli\])'", said)
    if advised is None:
        sys.exit(f"the command without its extra says {said!r}")
    run(*pip, advised[1], within=folder)
    version = run(scripts / "irclient", "--version", within=folder)
    if version.split()[1] != wheel.name.split("-")[1]:
        sys.exit(f"the advice brought another irclient: {version}")
    run(*pip, f"{wheel}[{extras_of(wheel)}]", within=folder)
    run(own, "-m", "pip", "check", within=folder)
    strict = ("-W", "error::DeprecationWarning:irclient", "-W", "error::ResourceWarning")
    sys.stdout.write(f"{python}: {run(own, *strict, SMOKE, within=folder)}")


def main(wheel: Path, pythons: list[str]) -> None:
    tried = 0
    for python in pythons:
        try:
            subprocess.run([python, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            sys.stdout.write(f"{python}: not installed, left out\n")
            continue
        with tempfile.TemporaryDirectory(prefix="irclient-wheel-") as folder:
            try_with(python, wheel.resolve(), Path(folder))
        tried += 1
    if not tried:
        sys.exit("no Python could be started: nothing was tried")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
