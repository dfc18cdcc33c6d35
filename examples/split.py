"""Two variants share the traffic, sticky by user; the weights are shifted while calls are made."""

from collections import Counter

from irclient import IRClient, Pair, ServiceEndpoint, StaticToken, TrafficSplit
from irclient.testing import ScriptedService, quick_settings

blue = Pair(ServiceEndpoint("blue-a", "web", tps=9000), ServiceEndpoint("blue-b", "web", tps=9000))
green = ServiceEndpoint("green", "web", tps=9000)
variants = TrafficSplit({"blue": blue, "green": green}, weights={"blue": 95, "green": 5})
users = [f"user-{number}" for number in range(300)]

with IRClient(
    variants,
    credential=StaticToken("token"),
    settings=quick_settings(),
    transport=ScriptedService(variants),
) as ir:

    def share_out() -> dict[str, str]:
        """Ask for each user's picks, and note the variant that answered."""
        return {user: str(ir.picks(user).served.variant) for user in users}

    before = share_out()
    print("5 % green: ", dict(Counter(before.values())))
    assert share_out() == before

    ir.split.shift({"blue": 80, "green": 20})
    after = share_out()
    moved = Counter((before[user], after[user]) for user in users if before[user] != after[user])
    print("20 % green:", dict(Counter(after.values())))
    print("moved:     ", {f"{origin} → {target}": n for (origin, target), n in moved.items()})
    assert set(moved) == {("blue", "green")}
