"""What was in review gets its last word: by a later run, or by the command that asks for it."""

import pytest

WORDS = "the platform's review has let it through"


def test_what_was_in_review_gets_its_last_word_once(stall, capsys):
    records = [
        stall.record(),
        stall.record(stall.sku("BAD-1"), title="A miracle mug of stoneware"),
    ]
    fed = stall.feed(*records)
    assert fed.outcomes == [("in_review", None)] * 2
    assert stall.settled() == []
    assert "Done. 2 records wait for a review.\n" in capsys.readouterr().err
    stall.review()
    live, refused = stall.settled()
    assert (live["row"], live["outcome"], live["message"]) == (1, "applied", WORDS)
    assert (refused["row"], refused["outcome"], refused["code"]) == (2, "failed", "audit_failed")
    assert "The title makes a claim that is not allowed." in refused["message"]
    for line, row in zip((live, refused), fed.rows, strict=True):
        assert {name: line[name] for name in ("record", "after", "operation", "stream", "shop_id", "request_id")} == {
            name: row[name] for name in ("record", "after", "operation", "stream", "shop_id", "request_id")
        }
    assert "Done: 1 applied, 1 failed. " in capsys.readouterr().err
    assert stall.settled() == []


def test_what_a_later_run_has_settled_waits_no_more(stall):
    record, _ = stall.live()
    assert stall.feed(record).outcomes == [("unchanged", None)]
    assert stall.settled() == []


def test_of_several_runs_about_a_product_the_last_one_is_settled(stall):
    record = stall.record()
    stall.feed(record)
    stall.feed({**record, "external_product_id": None})
    assert stall.feed(record, dry_run=True).outcomes == [("in_review", None)]
    stall.review()
    assert [line["outcome"] for line in stall.settled()] == ["applied"]


def test_an_edit_that_the_review_refuses_is_failed_with_its_reasons(stall):
    record, before = stall.live()
    run = stall.feed({**record, "title": "A replica mug of stoneware"})
    assert run.outcomes == [("in_review", None)]
    stall.review()
    (line,) = stall.settled()
    assert (line["outcome"], line["before"]) == ("failed", {"title": before["title"]})
    assert stall.shown(before["id"])["title"] == before["title"]


@pytest.mark.parametrize(
    "shown",
    [
        {"code": 12052048, "message": "not listed", "request_id": "x"},
        {"code": 0, "message": "Success", "request_id": "x", "data": {}},
        {"code": 0, "message": "Success", "request_id": "x", "data": {"id": "1", "title": "A mug"}},
    ],
)
def test_a_product_that_is_not_shown_is_not_settled(stall, shown):
    stall.feed(stall.record())
    stall.review()

    def unknown(path, answer):
        if path.startswith("/product/202309/products/"):
            return shown
        return None

    with stall.lab.between(after=unknown):
        assert stall.settled() == []
    assert [line["outcome"] for line in stall.settled()] == ["applied"]
