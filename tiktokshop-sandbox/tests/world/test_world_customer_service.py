"""Conversations with buyers, their messages, the sessions they consist of, and how well buyers were served."""

import json
from datetime import date, datetime, timedelta, timezone

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.zones import zone

DAY = 86_400
CONVERSATIONS = "/customer_service/202309/conversations"
MESSAGES = "/customer_service/202309/conversations/{conversation_id}/messages"
SESSIONS = "/customer_service/202602/sessions/search"
ALWAYS = {"begin_time_ge": 0, "begin_time_lt": 2**32}
PERFORMANCE = "/customer_service/202407/performance"


def conversations(asker, size=20, shop=0, **query):
    return asker.pages("GET", CONVERSATIONS, "conversations", {"page_size": size, **query}, shop=shop)


def messages(asker, identifier, size=10, **query):
    path = MESSAGES.format(conversation_id=identifier)
    return asker.pages("GET", path, "messages", {"page_size": size, **query})


def sessions(asker, size=100, **body):
    return asker.pages("POST", SESSIONS, "sessions", {"page_size": size}, {**ALWAYS, **body})


def performance(asker, first, after, shop=0):
    query = {"support_date_ge": first, "support_date_lt": after}
    return asker.ask("GET", PERFORMANCE, query, shop=shop)["performance"]


def refusal(asker, *args, **more):
    with pytest.raises(ApiError) as refused:
        asker.ask(*args, **more)
    return refused.value.code


@pytest.fixture(scope="module")
def talk(asker):
    """Every conversation of the first shop, and its messages, the oldest first."""
    return [(row, messages(asker, row["id"], sort_order="ASC")) for row in conversations(asker)]


@pytest.mark.parametrize("shop", [0, 1])
def test_customer_service_sends_only_documented_fields_of_documented_types(asker, undocumented, shop):
    query = {"page_size": 20, "need_session_id": "true", "need_session_info": "true"}
    found = asker.ask("GET", CONVERSATIONS, query, shop=shop)
    assert undocumented(found, "GET", CONVERSATIONS) == set()
    for row in found["conversations"]:
        path = MESSAGES.format(conversation_id=row["id"])
        said = asker.ask("GET", path, {"page_size": 10, "need_plaintext": "true", "need_data": "true"}, shop=shop)
        assert undocumented(said, "GET", MESSAGES) == set()
    held = asker.ask("POST", SESSIONS, {"page_size": 100}, ALWAYS, shop=shop)
    assert undocumented(held, "POST", SESSIONS) == set()
    figures = asker.ask(
        "GET", PERFORMANCE, {"support_date_ge": "2026-06-01", "support_date_lt": "2026-09-20"}, shop=shop
    )
    assert undocumented(figures, "GET", PERFORMANCE) == set()


def test_paging_finds_every_conversation_message_and_session_once(asker, talk):
    counts = row_counts(asker.world)[asker.world.shops[0].id]
    for size in (20, 7):
        found = [row["id"] for row in conversations(asker, size)]
        assert len(found) == len(set(found)) == counts["conversations"]
    assert 55 < counts["conversations"] < 80
    keys = {(row["id"], said["id"]) for row, all_said in talk for said in all_said}
    assert len(keys) == sum(len(all_said) for _, all_said in talk) == counts["messages"]
    for size in (100, 9):
        found = [row["id"] for row in sessions(asker, size)]
        assert len(found) == len(set(found)) == counts["customer_service_sessions"] > counts["conversations"]


def test_pages_must_be_asked_for_by_a_size_in_range(asker):
    one = MESSAGES.format(conversation_id=conversations(asker)[0]["id"])
    for method, path, most in (("GET", CONVERSATIONS, 20), ("GET", one, 10), ("POST", SESSIONS, 100)):
        for query in ({}, {"page_size": 0}, {"page_size": most + 1}):
            assert refusal(asker, method, path, query) == 36009004
        asker.ask(method, path, {"page_size": most}, ALWAYS)
    assert "total_count" not in asker.ask("GET", CONVERSATIONS, {"page_size": 1})


@pytest.mark.parametrize("left_out", ALWAYS)
def test_sessions_are_asked_for_between_two_times(asker, left_out):
    body = {name: value for name, value in ALWAYS.items() if name != left_out}
    assert refusal(asker, "POST", SESSIONS, {"page_size": 100}, body) == 36009004


def test_other_locales_and_orders_than_the_documented_ones_are_refused(asker):
    path = MESSAGES.format(conversation_id=conversations(asker)[0]["id"])
    for where, wrong in (
        (CONVERSATIONS, {"locale": "tlh"}),
        (path, {"sort_order": "asc"}),
        (path, {"sort_field": "id"}),
    ):
        assert refusal(asker, "GET", where, {"page_size": 1, **wrong}) == 36009004


def test_the_conversation_with_the_latest_message_comes_first(asker, talk):
    latest = [row["latest_message"]["create_time"] for row, _ in talk]
    assert latest == sorted(latest, reverse=True)
    assert latest[0] <= asker.now
    for row, said in talk:
        assert row["latest_message"] == said[-1]
        assert row["create_time"] == said[0]["create_time"]


def test_messages_come_latest_first_unless_asked_for_the_oldest(asker, talk):
    row, said = max(talk, key=lambda pair: len(pair[1]))
    assert len(said) > 10
    assert messages(asker, row["id"]) == said[::-1] == messages(asker, row["id"], size=3, sort_order="DESC")
    times = [item["create_time"] for item in said]
    assert times == sorted(times)
    places = [int(item["index"]) for item in said]
    assert places == sorted(set(places))


def test_participants_are_the_orders_buyer_the_shop_and_whoever_answered(asker, talk):
    rows = asker.world.db.execute("SELECT user_id, doc FROM orders WHERE shop = 0").fetchall()
    nicknames = {}
    for user, doc in rows:
        nicknames.setdefault(user, set()).add(json.loads(doc)["buyer_nickname"])
    for row, said in talk:
        people = {person["role"]: person for person in row["participants"]}
        buyer = people["BUYER"]
        assert nicknames[buyer["user_id"]] & {buyer["nickname"], ""}
        assert people["SHOP"]["nickname"] == asker.world.shops[0].name
        assert ("CUSTOMER_SERVICE" in people) == any(item["sender"]["role"] == "CUSTOMER_SERVICE" for item in said)
        assert row["participant_count"] == len(row["participants"])
        ids = {role: person["im_user_id"] for role, person in people.items()}
        assert all(
            ids.get(item["sender"]["role"], item["sender"]["im_user_id"]) == item["sender"]["im_user_id"]
            for item in said
        )
    buyers = [person["user_id"] for row, _ in talk for person in row["participants"] if person["role"] == "BUYER"]
    assert len(set(buyers)) == len(buyers)


def test_cards_name_orders_of_the_buyer_products_and_coupons_of_the_shop(asker, talk):
    db = asker.world.db
    offers = {row["id"]: row for row in asker.pages("POST", "/promotion/202406/coupons/search", "coupons")}
    seen = set()
    for row, all_said in talk:
        for said in all_said:
            content = json.loads(said["content"])
            seen.add(said["type"])
            if said["type"] == "ORDER_CARD":
                (user,) = db.execute("SELECT user_id FROM orders WHERE id = ?", (content["order_id"],)).fetchone()
                assert user == row["participants"][0]["user_id"]
            if said["type"] == "PRODUCT_CARD":
                assert db.execute("SELECT 1 FROM products WHERE id = ?", (content["product_id"],)).fetchone()
            if said["type"] == "COUPON_CARD":
                claim = offers[content["coupon_id"]]["claim_duration"]
                assert claim["start_time"] <= said["create_time"] < claim["end_time"]
            if said["type"] == "TEXT":
                assert content["content"]
    assert seen == {"TEXT", "IMAGE", "VIDEO", "OTHER", "NOTIFICATION", "ORDER_CARD", "PRODUCT_CARD", "COUPON_CARD"}


def test_messages_are_put_into_words_on_request_and_a_tip_stands_for_what_cannot_be(asker, talk):
    row = next(row for row, said in talk if "OTHER" in {item["type"] for item in said[-10:]})
    path = MESSAGES.format(conversation_id=row["id"])
    plain = asker.ask("GET", path, {"page_size": 10, "need_plaintext": "true"})
    assert all(item["plaintext"] for item in plain["messages"])
    assert plain["unsupported_msg_tips"]
    assert not any("plaintext" in item for item in asker.ask("GET", path, {"page_size": 10})["messages"])
    row = next(row for row, said in talk if {item["type"] for item in said} == {"TEXT", "NOTIFICATION"})
    assert "unsupported_msg_tips" not in asker.ask("GET", MESSAGES.format(conversation_id=row["id"]), {"page_size": 10})


def test_the_buyers_last_words_are_unread_until_somebody_answers_or_the_chat_is_closed(asker, talk):
    row, said = next((row, said) for row, said in talk if len(said) > 10)
    earlier = type(asker)(asker.world)
    waiting = 0
    for item in said:
        role = item["sender"]["role"]
        waiting = 0 if role in {"CUSTOMER_SERVICE", "SYSTEM"} else waiting + (role == "BUYER")
        earlier.now = item["create_time"]
        shown = next(one for one in conversations(earlier) if one["id"] == row["id"])
        assert shown["unread_count"] == waiting
    earlier.now = asker.now
    assert any(row["can_send_message"] for row, _ in talk)
    last_words = max(item["create_time"] for item in said if item["sender"]["role"] == "BUYER")
    assert row["can_send_message"] == (asker.now - last_words < 7 * DAY)


def test_open_sessions_are_named_only_to_those_who_ask(asker):
    assert not any({"cur_session_id", "cur_session"} & set(row) for row in conversations(asker))
    named = {
        row["id"]: row["cur_session_id"]
        for row in conversations(asker, need_session_id="true")
        if "cur_session_id" in row
    }
    told = {
        row["id"]: row["cur_session"] for row in conversations(asker, need_session_info="true") if "cur_session" in row
    }
    assert {key: session["id"] for key, session in told.items()} == named
    going_on = {row["id"]: row for row in sessions(asker) if "end_time" not in row}
    assert set(named.values()) == set(going_on)
    for session in told.values():
        assert (session["phase"] == "ASSIGNED") == ("first_response_time" in going_on[session["id"]])
    assert named


def test_unknown_conversations_and_those_of_another_shop_are_refused(asker):
    other = conversations(asker, shop=1)[0]["id"]
    for identifier in ("1", other):
        assert refusal(asker, "GET", MESSAGES.format(conversation_id=identifier), {"page_size": 10}) == 66009315


def test_sessions_are_the_chats_of_their_conversations(asker, talk):
    told = {row["id"]: said for row, said in talk}
    found = sessions(asker)
    assert {row["conversation_id"] for row in found} == set(told)
    for row in found:
        times = {item["create_time"]: item for item in told[row["conversation_id"]]}
        assert times[row["begin_time"]]["sender"]["nickname"] == row["buyer_nickname"]
        if "end_time" in row:
            assert times[row["end_time"]]["type"] == "NOTIFICATION"
        if "first_response_time" in row:
            first = times[row["begin_time"] + row["first_response_time"]]
            assert first["sender"]["role"] == "CUSTOMER_SERVICE"
            assert row["first_response_late"] == (row["first_response_time"] > DAY)
            assert row["chat_tags"]
        assert ("dissatisfaction_reason" in row) == (row.get("satisfaction_score", 5) <= 2)
    assert {row["satisfaction_score"] for row in found if "satisfaction_score" in row} == {1, 2, 3, 4, 5}
    assert sum(row["first_response_late"] for row in found) > 0


def test_sessions_are_found_by_when_they_began_and_with_whom(asker):
    whole = sessions(asker)
    begins = [row["begin_time"] for row in whole]
    assert begins == sorted(begins, reverse=True)
    edge = begins[len(begins) // 2]
    before, after = sessions(asker, begin_time_lt=edge), sessions(asker, 9, begin_time_ge=edge)
    assert after + before == whole
    assert after[-1]["begin_time"] == edge
    wanted = whole[5]["buyer_nickname"]
    expected = [row for row in whole if row["buyer_nickname"] == wanted]
    assert sessions(asker, buyer_nickname=wanted) == expected
    assert sessions(asker, buyer_nickname="nobody") == []


def test_a_buyer_who_comes_back_goes_on_in_the_same_conversation(asker, talk):
    by_conversation = {}
    for row in sessions(asker):
        by_conversation.setdefault(row["conversation_id"], []).append(row)
    again = [rows for rows in by_conversation.values() if len(rows) > 1]
    assert len(again) > 5
    assert all(rows[0]["begin_time"] > rows[1].get("end_time", 0) for rows in again)
    assert max(rows[0]["begin_time"] - rows[1]["end_time"] for rows in again) > 5 * DAY


def test_the_performance_of_a_day_is_that_of_its_sessions(asker):
    here = zone("US")
    by_day = {}
    for row in sessions(asker):
        by_day.setdefault(datetime.fromtimestamp(row["begin_time"], here).date(), []).append(row)
    for day, rows in by_day.items():
        figures = performance(asker, day, day + timedelta(days=1))
        assert figures["support_session_count"] == len(rows)
        answered = [row["first_response_time"] for row in rows if "first_response_time" in row]
        in_time = sum(seconds <= DAY for seconds in answered)
        assert float(figures["response_percentage"]) == pytest.approx(100 * in_time / len(rows), abs=0.01)
        assert ("response_time_mins" in figures) == bool(answered)
        assert ("satisfaction_percentage" in figures) == any("satisfaction_score" in row for row in rows)
        assert figures["currency"] == "USD"
    whole = performance(asker, min(by_day), max(by_day) + timedelta(days=1))
    assert whole["support_session_count"] == sum(map(len, by_day.values()))
    assert float(whole["cs_guided_gmv"]) > float(figures["cs_guided_gmv"])
    assert 0 < float(whole["conversion_rate"]) < 100


def test_answers_and_scores_count_from_the_moment_they_are_given(asker):
    found = next(
        row for row in sessions(asker) if row.get("first_response_time", 0) > 60 and "satisfaction_score" in row
    )
    day = datetime.fromtimestamp(found["begin_time"], zone("US")).date()
    earlier = type(asker)(asker.world)
    earlier.now = found["begin_time"] + found["first_response_time"] - 1
    before = performance(earlier, day, day + timedelta(days=1))
    earlier.now += 1
    after = performance(earlier, day, day + timedelta(days=1))
    assert "satisfaction_percentage" not in after
    assert float(after["response_percentage"]) > float(before["response_percentage"])
    assert "satisfaction_percentage" in performance(asker, day, day + timedelta(days=1))


def test_days_without_a_session_have_no_shares(asker):
    assert performance(asker, "2026-01-01", "2026-01-02") == {
        "support_session_count": 0,
        "cs_guided_gmv": "0",
        "currency": "USD",
    }


@pytest.mark.parametrize(
    ("first", "after"),
    [
        ("2026-09-02", "2026-09-02"),
        ("2026-09-03", "2026-09-02"),
        ("2026-9-2", "2026-09-04"),
        ("yesterday", "2026-09-04"),
    ],
)
def test_spans_that_are_none_are_refused(asker, first, after):
    assert refusal(asker, "GET", PERFORMANCE, {"support_date_ge": first, "support_date_lt": after}) == 36009004


def test_both_days_of_a_performance_are_needed(asker):
    with pytest.raises(ApiError, match="SupportDateLt is a required field"):
        asker.ask("GET", PERFORMANCE, {"support_date_ge": "2026-09-01"})


def test_there_is_a_performance_for_each_day_from_the_first_to_yesterday(asker):
    counts = row_counts(asker.world)
    for shop in asker.world.shops:
        here = zone(shop.region)
        first = datetime.fromtimestamp(asker.now - 120 * DAY + 1, here).date()
        today: date = datetime.fromtimestamp(asker.now, here).date()
        assert counts[shop.id]["customer_service_performance"] == (today - first).days
    assert datetime.fromtimestamp(asker.now, timezone.utc).year == 2026


def test_day_by_day_there_is_more_to_read_and_nothing_is_taken_back(new_world):
    asker = new_world(300, shops=1)
    talks, held = {row["id"]: row for row in conversations(asker)}, {row["id"]: row for row in sessions(asker)}
    said = {identifier: messages(asker, identifier, sort_order="ASC") for identifier in talks}
    news = set()
    for _ in range(45):
        asker.now += DAY
        later, going_on = ({row["id"]: row for row in rows} for rows in (conversations(asker), sessions(asker)))
        news |= {"conversation"} if talks.keys() < later.keys() else set()
        news |= {"session"} if held.keys() < going_on.keys() else set()
        for identifier, row in talks.items():
            assert later[identifier]["create_time"] == row["create_time"]
            assert later[identifier]["participants"][:2] == row["participants"][:2]
            assert later[identifier]["latest_message"]["create_time"] >= row["latest_message"]["create_time"]
        for identifier, row in held.items():
            settled = {key: value for key, value in row.items() if key not in {"chat_tags", "first_response_late"}}
            assert settled.items() <= going_on[identifier].items()
            news |= going_on[identifier].keys() - row.keys()
        talks, held = later, going_on
        said |= {identifier: messages(asker, identifier, sort_order="ASC") for identifier in later.keys() - said.keys()}
    assert news >= {"conversation", "session", "end_time", "satisfaction_score"}
    now_said = {identifier: messages(asker, identifier, sort_order="ASC") for identifier in said}
    assert all(now_said[identifier][: len(before)] == before for identifier, before in said.items())
    assert any(len(now_said[identifier]) > len(before) for identifier, before in said.items())


def test_worlds_of_one_seed_have_the_same_conversations_and_others_have_others(new_world):
    one, same, other = new_world(), new_world(), new_world(seed=8)
    assert conversations(one) == conversations(same)
    assert sessions(one) == sessions(same)
    assert {row["id"] for row in sessions(one)}.isdisjoint(row["id"] for row in sessions(other))


def test_a_shop_without_orders_has_nobody_to_talk_to(new_world):
    asker = new_world(0, shops=1)
    assert conversations(asker) == sessions(asker) == []
    assert row_counts(asker.world)[asker.world.shops[0].id]["messages"] == 0
