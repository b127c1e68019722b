"""What the platform says of a listing before and after it is sent: its category, and all that it refuses."""

import json

from stalls import CREATE, UPLOAD

CHECK = "POST /product/202309/products/listing_check"


def test_the_plan_shows_which_category_is_recommended_and_how_sure_that_is(stall, capsys):
    record = stall.record(
        category="recommended", title="A desk lamp with a cable", attributes="Contains batteries or cells?=No"
    )
    stall.feed(record, dry_run=True)
    told = capsys.readouterr().err
    assert "the platform recommends the category Phones & Electronics > Lighting > Desk Lamps (910088) both by" in told

    asked = []

    def other(path, answer):
        if path.endswith("/recommend"):
            asked.append(path)
            return {**answer, "data": {"leaf_category_id": "853000"}} if len(asked) == 2 else answer
        return None

    with stall.lab.between(after=other):
        stall.feed(record, dry_run=True)
    told = capsys.readouterr().err
    assert "by the title alone it would be Home Supplies > Drinkware > Mugs (853000), so it is not sure" in told


def test_a_listing_that_the_platform_refuses_is_told_with_all_that_its_check_finds(stall):
    refusal = {"code": 12052105, "message": "The mandatory certification is missing.", "request_id": "r"}
    found = [
        {"code": 12052105, "message": "The mandatory certification is missing."},
        {"code": 12052093, "message": "The limit of listings is reached."},
    ]

    def refusing(path, answer):
        if path == "/product/202309/products":
            return refusal
        if path.endswith("/listing_check"):
            return {**answer, "data": {"check_result": "FAILED", "fail_reasons": found}}
        return None

    with stall.lab.between(after=refusing):
        run = stall.feed(stall.record(), max_rejected_percent=100)
    assert run.outcomes == [("rejected", "12052105")]
    assert run.writes == {CREATE: 1, UPLOAD: 1, CHECK: 1}
    assert run.row["message"].count("The mandatory certification is missing.") == 1
    assert "; its check also says: The limit of listings is reached. (12052093)" in run.row["message"]


def test_a_listing_that_is_taken_costs_no_check(stall):
    run = stall.feed(stall.record())
    assert (run.outcomes, run.writes) == ([("in_review", None)], {CREATE: 1, UPLOAD: 1})
    assert json.dumps(run.row["after"]).count("main.png") == 1
