"""Writes the made-up shop into a folder: ``python -m irclient.emulator.shop FOLDER``."""

import argparse
from pathlib import Path

from irclient.emulator.shop.written_shop import write_shop

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m irclient.emulator.shop",
        description="Write the emulator's made-up shop into a folder, in IR's data contract.",
    )
    parser.add_argument("folder", type=Path, help="made if it does not exist")
    write_shop(parser.parse_args().folder)
