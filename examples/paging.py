"""A long list page by page, and many lists at once."""

from irclient import IRClient
from irclient.emulator import Emulator
from irclient.queries import Popular, Similar

with (
    Emulator(tps=500) as emulator,
    IRClient(emulator.home, credential=emulator.credential(), transport=emulator.transport()) as ir,
):
    ir.warm_up()
    for number, page in enumerate(ir.pages(Popular(count=120), page_size=50), start=1):
        print(f"page {number}: {len(page)} of {page.total_items} items from {page.served.endpoint}")

    best = [item.id for item in ir.items(Popular(count=40), page_size=20)]
    lists = ir.fetch_many([Similar(item, count=3) for item in best], concurrency=8)
    for item, similar in list(zip(best, lists, strict=True))[:5]:
        titles = [emulator.title(each) or each for each in similar.ids]
        print(f"{emulator.title(item)}: {', '.join(titles)}")
    print(f"… {len(lists)} lists")
