"""What the platform has called paid and changes all the same: read again within a month, for no more calls."""

from collections import Counter

STREAMS = ("statements", "statement_transactions", "order_transactions", "payments", "withdrawals")
DAY = 86_400
HARD = ("changed_statements", "returned_payments", "failed_payments")


def pass_days(lab, days):
    lab.sandbox.control("POST", "/clock", {"advance": days * DAY})


def asked(lab):
    """How often each finance operation was called since the last time."""
    operations = lab.calls()["operations"]
    lab.sandbox.control("DELETE", "/stats")
    return Counter({name.split("/finance/")[1]: count for name, count in operations.items() if "/finance/" in name})


TRANSACTIONS = "202501/statements/{statement_id}/statement_transactions"


def test_a_month_of_changes_leaves_what_a_first_run_would_read(lab_of):
    with lab_of(orders=240) as lab:
        for kind in HARD:
            lab.fault(kind, probability=0.5)
        held = lab.run(streams=STREAMS)
        table, state, changed = held.table(), held.state, 0
        for _ in range(4):
            pass_days(lab, 8)
            run = lab.run(state, streams=STREAMS)
            state = run.state
            paid = {key for key, row in table.items() if key[0] == "statements" and row["payment_status"] == "PAID"}
            changed += len(paid & run.table().keys())
            table |= run.table()
        assert changed > 5, "statements that were paid when they were read before"
        assert table == lab.run(streams=STREAMS).table()


def test_a_changed_statement_comes_once_with_its_transactions_and_what_has_not_changed_does_not(lab_of):
    with lab_of(orders=240) as lab:
        lab.fault("changed_statements", probability=0.5)
        pass_days(lab, 8)
        first = lab.run(streams=STREAMS)
        pass_days(lab, 14)
        asked(lab)
        run = lab.run(first.state, streams=STREAMS)
        calls = asked(lab)
        again = lab.run(run.state, streams=STREAMS)
        quiet = asked(lab)
    was = {row["id"]: row for row in first.records("statements")}
    read = {row["id"]: row for row in run.records("statements")}
    changed = {found for found in was.keys() & read.keys() if was[found]["payment_status"] == "PAID"}
    assert changed
    assert all(was[found]["fee_amount"] != read[found]["fee_amount"] for found in changed)
    about = {row["statement_id"] for row in run.records("statement_transactions")}
    assert changed <= about <= read.keys()
    assert calls[TRANSACTIONS] == len(read), "one page of each statement that is new or has changed"
    assert {row["payment_status"] for row in again.records("statements")} <= {"PROCESSING", "FAILED"}
    assert again.records("statement_transactions") == again.records("order_transactions") == []
    assert quiet == Counter({"202309/statements": 2, "202605/payments": 2, "202309/withdrawals": 2})


def test_a_state_from_before_has_the_transactions_of_a_month_asked_for_once(lab):
    whole = lab.run(streams=STREAMS)
    older = {"bookmarks": {}}
    for stream, state in whole.state["bookmarks"].items():
        partitions = [
            {key: value for key, value in one.items() if key != "marks"} for one in state.get("partitions", ())
        ]
        older["bookmarks"][stream] = {**state, "partitions": partitions} if partitions else state
    asked(lab)
    first = lab.run(older, streams=STREAMS)
    once = asked(lab)[TRANSACTIONS]
    assert 0 < once <= 2 * 30
    lab.run(first.state, streams=STREAMS)
    assert TRANSACTIONS not in asked(lab)
