"""What a demo says at its end: whether it kept its promise."""

from rich.text import Text

__all__ = ["verdict"]


def verdict(*, failed: int, kept: str, broken: str | None, then: str) -> Text:
    """Say it in words.

    Args:
        failed: Calls that failed; no demo may have one.
        kept: The promise, for when it was kept.
        broken: What went wrong otherwise; None when it was kept.
        then: What to look at next.
    """
    if failed:
        return Text(f"{failed} calls failed: that must not happen.", style="bold red")
    if broken is not None:
        return Text(broken, style="bold red")
    return Text.assemble((f"{kept} ", "bold green"), (f"Next: {then}", "dim"))
