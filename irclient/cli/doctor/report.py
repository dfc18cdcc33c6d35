"""How findings look on a terminal: one line each, and the advice below what is wrong."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from irclient.cli.doctor.finding import Finding, Verdict
from irclient.cli.output import duration, safe, writable

__all__ = ["show_finding", "show_verdict"]

#: For each verdict its mark, the mark where the output cannot hold that one, and its style.
_MARK = {
    Verdict.GOOD: ("✓", "+", "green"),
    Verdict.WARNING: ("!", "!", "bold yellow"),
    Verdict.WRONG: ("✗", "x", "bold red"),
    Verdict.SKIPPED: ("–", "-", "yellow"),
}
_ARROW = ("→", "->")


def show_finding(finding: Finding, console: Console) -> None:
    """Print one finding as soon as it is known."""
    *marks, style = _MARK[finding.verdict]
    line = Text.assemble(
        (writable(marks, console), style),
        f" {finding.check:<13} ",
        (safe(finding.subject), "cyan"),
        f": {safe(finding.saw)}",
    )
    if finding.elapsed >= 0.0005:
        line.append(f" ({duration(finding.elapsed)})", style="dim")
    console.print(line, soft_wrap=True)
    if finding.advice is not None:
        advice = f"  {writable(_ARROW, console)} {safe(finding.advice)}"
        console.print(Text(advice, style="yellow"), soft_wrap=True)


def show_verdict(findings: Sequence[Finding], console: Console) -> None:
    """Print the sum of it all."""
    wrong = sum(each.verdict is Verdict.WRONG for each in findings)
    warnings = sum(each.verdict is Verdict.WARNING for each in findings)
    if wrong:
        words = "1 thing is" if wrong == 1 else f"{wrong} things are"
        console.print(f"{words} wrong; what to do stands below each.", style="bold red")
    elif warnings:
        words = "1 thing needs" if warnings == 1 else f"{warnings} things need"
        console.print(f"All is well today; {words} care before long.", style="bold yellow")
    else:
        console.print("All is well.", style="bold green")
