"""Whether this machine's clock agrees with those of the hosts: tokens and certificates need it."""

from collections.abc import Mapping

from irclient.cli.doctor.finding import Finding, Verdict

__all__ = ["examine_clock"]

#: Seconds. Entra and most services forgive five minutes.
_WRONG_FROM = 300.0
_WORTH_A_WARNING_FROM = 30.0
_SUBJECT = "this machine"


def examine_clock(ahead: Mapping[str, float]) -> Finding | None:
    """Compare this machine's clock with those of the hosts.

    Args:
        ahead: Seconds that it is ahead, by the host's purpose; below 0 it is behind.

    Returns:
        What was seen; None when no host said what time it is.
    """
    if not ahead:
        return None
    host, worst = max(ahead.items(), key=lambda item: abs(item[1]))
    if abs(worst) < _WORTH_A_WARNING_FROM:
        saw = f"agrees with {', '.join(ahead)}"
        return Finding(check="clock", subject=_SUBJECT, verdict=Verdict.GOOD, saw=saw)
    agreeing = [name for name, each in ahead.items() if abs(each) < _WORTH_A_WARNING_FROM]
    saw = f"{_apart(worst)} {'ahead of' if worst > 0 else 'behind'} the clock of {host}"
    advice = "set this machine's clock (NTP): tokens and certificates are judged by it"
    if agreeing:
        saw += f", and agrees with {', '.join(agreeing)}"
        advice = f"have the clock of {host} set"
    verdict = Verdict.WRONG if abs(worst) >= _WRONG_FROM else Verdict.WARNING
    return Finding(check="clock", subject=_SUBJECT, verdict=verdict, saw=saw, advice=advice)


def _apart(seconds: float) -> str:
    if abs(seconds) < 60:
        return f"{abs(seconds):.0f} s"
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
