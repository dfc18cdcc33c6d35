"""A list as a table, as in a notebook, without pandas."""

from irclient import IRClient
from irclient.emulator import Emulator

with (
    Emulator() as emulator,
    IRClient(emulator.home, credential=emulator.credential(), transport=emulator.transport()) as ir,
):
    similar = ir.similar("64702", count=5)
    print(f"Similar to {emulator.title('64702')}, from {similar.served.endpoint}")
    rows = [
        (str(rank), item.id, emulator.title(item.id) or "")
        for rank, item in enumerate(similar, start=1)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print(repr(similar))
