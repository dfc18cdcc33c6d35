"""A modeling as tables: what it shows, and whether both accounts of a pair agree."""

from irclient import IRClient
from irclient.analysis import Lists, collect, compare
from irclient.emulator import Emulator
from irclient.queries import Popular, Similar

with Emulator(tps=1000) as emulator:
    credential, transport = emulator.credential(), emulator.transport()
    with IRClient(emulator.home, credential=credential, transport=transport) as ir:
        # Each asks one account alone, and never fails over.
        a, b = ir.at("contoso-a/web"), ir.at("contoso-b/web")
        catalogue = [item.id for item in a.items(Popular(count=200))]
        queries = [Similar(item, count=10) for item in catalogue[:40]]
        lists = collect(a, queries, progress=False)

        shown = {item for answer in lists.answers.values() for item in answer.ids}
        titles = {item: emulator.title(item) for item in shown}
        frame = lists.frame(titles)
        print(frame[["seed", "rank", "item_id", "title"]].head(5).to_string(index=False))
        print(f"\n{lists}")
        print(f"coverage  {lists.coverage(catalogue):.2f} of {len(catalogue)} items are shown")
        print(f"gini      {lists.gini(catalogue):.2f}, where 0 is all equally often")

        # An interrupted collection goes on where it stopped: what is there is not asked again.
        of_b = Lists()
        collect(b, queries[:20], progress=False, into=of_b)
        collect(b, queries, progress=False, into=of_b)
        compared = compare(lists, of_b)
        print(f"\nboth accounts, {len(compared.per_query)} queries:")
        print(f"overlap of the first ten: {compared.per_query['overlap'].mean():.2f}")
        assert compared.per_query["overlap"].min() == 1.0
