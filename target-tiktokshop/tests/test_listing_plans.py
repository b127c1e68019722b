"""A plan is what the real run then does, row for row, whatever is fed and whichever guards are set."""

import random

import pytest

COLORS = ("Black", "Oak", "Sage", "Navy", "Red", "Blue")
SENT = {"in_review", "applied"}
GUARDS = (
    {"allow_delete": True},
    {"max_price": {"USD": "13"}},
    {"min_price": {"USD": "12"}},
    {"max_quantity": 6},
    {"deny_skus": ["LIVE-0-0", "NEW-1"]},
    {"max_rejected_percent": 5},
    {"max_new_listings": 2},
    {"max_changed_listings_percent": 0},
    {"batch_size_rows": 4},
    {"verify": False},
    {"buffer_quantity": 2},
)


class Rows:
    """Draws records of every kind about the live products of a stall."""

    def __init__(self, stall, draws, live):
        self.stall, self.draws, self.live = stall, draws, live
        self.frozen = stall.lab.products("FREEZE")[0]["id"]
        self.made = 0

    def any(self):
        often = (self.new, self.title, self.sku)
        once = (self.bad, self.picture, self.gone, self.same, self.unknown, self.stopped, self.flat, self.draft)
        return self.draws.choice((*often, *often, *once, self.trade))()

    def new(self, **more):
        self.made += 1
        price, units = self.draws.choice(("11.00", "12.50", "14.00")), self.draws.randint(1, 9)
        sku = self.stall.sku(f"NEW-{self.draws.randint(0, 6)}", price=price, quantity=units)
        return [self.stall.record(sku, **{"title": f"A mug of stoneware, the {self.made}.", **more})]

    def bad(self):
        return self.new(**self.draws.choice(({"title": None}, {"brand": "Nobody"}, {"package_weight": 0})))

    def draft(self):
        return self.new(save_mode="draft")

    def title(self):
        return [{"product_id": self.draws.choice(self.live), "title": f"Another title, {self.draws.randint(0, 3)}"}]

    def picture(self):
        name = f"{self.draws.randint(0, 2)}.png"
        return [{"product_id": self.draws.choice(self.live), "main_images": [self.stall.picture(name)]}]

    def sku(self):
        color, place = self.draws.choice(COLORS), self.draws.randrange(len(self.live))
        new = self.stall.sku(f"LIVE-{place}-{color}", variations={"Color": color}, quantity=self.draws.randint(1, 9))
        return [{"product_id": self.live[place], "skus": [new]}]

    def gone(self):
        place = self.draws.randrange(len(self.live))
        skus = [{"seller_sku": f"LIVE-{place}-{self.draws.randrange(2)}", "status": "deleted"}]
        return [{"product_id": self.live[place], "skus": skus}]

    def same(self):
        return [{"product_id": self.draws.choice(self.live), "attributes": {"Material": "Stoneware"}}]

    def trade(self):
        place = self.draws.randrange(len(self.live))
        return [{"product_id": self.live[place], "skus": [self.stall.sku(f"LIVE-{place}-0", price="13.00")]}]

    def unknown(self):
        return [{"product_id": "17", "title": "A product of nobody"}]

    def stopped(self):
        return [{"product_id": self.frozen, "title": "A product that is frozen"}]

    def flat(self):
        (base,) = self.new()
        skus = [self.stall.sku(f"F-{self.made}-{color}", variations=f"Color={color}") for color in COLORS[:2]]
        del base["skus"]
        return [{"listing_key": f"flat-{self.made}", **base, **sku} for sku in skus]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_plan_has_the_outcome_the_code_and_the_values_of_each_row_that_the_run_then_has(stall, seed):
    draws, live = random.Random(seed), []
    for place in range(4):
        skus = [stall.sku(f"LIVE-{place}-{n}", variations={"Color": COLORS[n]}) for n in range(2)]
        run = stall.feed(stall.record(*skus, title=f"A live mug, number {place}"))
        live.append(run.row["after"]["product_id"])
    stall.review()
    rows = Rows(stall, draws, live)
    for _ in range(4):
        records = [record for _ in range(draws.randint(1, 9)) for record in rows.any()]
        config = {"max_rejected_percent": 100, "max_changed_listings_percent": 100}
        for guard in draws.sample(GUARDS, draws.randint(0, 3)):
            config |= guard
        plan, run = stall.feed(*records, dry_run=True, **config), stall.feed(*records, **config)
        assert plan.writes == {}
        for planned, done in zip(plan.rows, run.rows, strict=False):
            told = (planned["outcome"], planned["code"])
            if planned.get("stopped_by") and told[0] == "planned":
                assert (done["outcome"], done["code"]) == ("guarded", planned["stopped_by"])
            elif told[0] == "planned":
                assert done["outcome"] in SENT, (done["code"], done["message"], done["record"])
                assert planned["after"] == {name: done["after"][name] for name in planned["after"]}
            else:
                assert (done["outcome"], done["code"]) == told
                assert done["message"] == planned["message"]
            assert (planned["operation"], planned["before"]) == (done["operation"], done["before"])
        stopped = next((row["stopped_by"] for row in plan.rows if row.get("stopped_by")), None)
        assert (run.error is not None) == (stopped is not None)
        assert len(run.rows) == len(plan.rows) or stopped
        if draws.random() < 0.7:
            stall.review()
