"""Answers to buyers: within the window, and never twice for one key."""

import contextlib
import hashlib
import json
import sqlite3
import stat
import struct
import zlib

import pytest
from target_tiktokshop.streams.messages import CONTRACT
from target_tiktokshop.writing import keys
from target_tiktokshop.writing.fields import FieldError
from target_tiktokshop.writing.keys import Keys
from tiktokshop_client import operations

UPLOAD = "POST /customer_service/202309/images/upload"
SEND = "POST /customer_service/202606/conversations/{conversation_id}/messages"
READ = "POST /customer_service/202309/conversations/{conversation_id}/messages/read"
TEXT = "It leaves today 📦"
DAY = 86_400


@pytest.fixture
def lab(lab_of, tmp_path):
    with lab_of(orders=1_500) as made:
        made.config["message_keys_path"] = str(tmp_path / "keys" / "keys.sqlite")
        yield made


def conversations(lab):
    return [row for page in lab.client.pages(operations.GET_CONVERSATIONS, shop=lab.us) for row in page.rows]


def waiting(lab, count=1):
    """Conversations that can be answered, those in which a buyer waits first."""
    found = [row for row in conversations(lab) if row["can_send_message"]]
    found.sort(key=lambda row: -row["unread_count"])
    assert len(found) >= count
    return [row["id"] for row in found[:count]]


def sent(lab, conversation):
    """What the shop has said, the newest first."""
    pages = lab.client.pages(operations.GET_MESSAGES, shop=lab.us, path={"conversation_id": conversation})
    rows = [row for page in pages for row in page.rows if row["sender"]["role"] == "CUSTOMER_SERVICE"]
    return [(row["type"], json.loads(row["content"])) for row in rows]


def say(lab, conversation, key="k-1", config=None, **more):
    record = {"message_key": key, "conversation_id": conversation, **(more or {"text": TEXT})}
    return lab.feed("messages", record, **(config or {}))


def test_an_answer_is_sent_once_and_the_conversation_is_marked_as_read(lab):
    (conversation,) = waiting(lab)
    run = say(lab, conversation)
    assert run.outcomes == [("applied", None)]
    assert run.writes[SEND] == 1
    assert sent(lab, conversation)[0] == ("TEXT", {"content": TEXT})
    assert run.row["after"]["message_id"]
    shown = next(row for row in conversations(lab) if row["id"] == conversation)
    assert shown["unread_count"] == 0
    again = say(lab, conversation)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert sent(lab, conversation).count(("TEXT", {"content": TEXT})) == 1


def test_unread_conversations_stay_unread_where_a_setting_says_so(lab):
    while not any(row["unread_count"] and row["can_send_message"] for row in conversations(lab)):
        lab.sandbox.control("POST", "/clock", {"advance": 900})
    (conversation,) = waiting(lab)
    assert READ not in say(lab, conversation, config={"mark_read": False}).writes
    lab.sandbox.control("POST", "/clock", {"advance": 60})
    other = next(row["id"] for row in conversations(lab) if row["can_send_message"] and row["id"] != conversation)
    assert say(lab, other, "k-2").outcomes == [("applied", None)]


def test_cards_of_orders_and_products_are_sent(lab):
    (conversation,) = waiting(lab)
    order = lab.orders()[0]
    product = order["line_items"][0]["product_id"]
    first = say(lab, conversation, "k-1", card_order_id=order["id"])
    second = say(lab, conversation, "k-2", card_product_id=product)
    assert (first.outcomes, second.outcomes) == ([("applied", None)], [("applied", None)])
    wanted = [("PRODUCT_CARD", {"product_id": product}), ("ORDER_CARD", {"order_id": order["id"]})]
    assert sent(lab, conversation)[:2] == wanted
    refused = say(lab, conversation, "k-3", card_order_id="17")
    assert refused.outcomes == [("rejected", "45101002")]
    assert say(lab, conversation, "k-3", text=TEXT).outcomes == [("applied", None)], "the key is free again"


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle", "http_500", "reset_before"])
def test_after_an_unclear_outcome_the_conversation_is_read_first_so_that_nothing_is_said_twice(lab, kind):
    (conversation,) = waiting(lab)
    lab.fault(kind, path="/customer_service/202606/*", next=1)
    run = say(lab, conversation)
    assert run.outcomes == [("applied", None)]
    assert run.writes[SEND] == (1 if kind in {"truncated_json", "reset_middle"} else 2)
    assert sent(lab, conversation).count(("TEXT", {"content": TEXT})) == 1
    assert say(lab, conversation).outcomes == [("unchanged", None)]


def test_a_run_that_was_killed_after_sending_sends_nothing_again(lab):
    """The key says that it was tried, and not that it was done."""
    (conversation,) = waiting(lab)
    run = say(lab, conversation)
    keys = Keys(lab.folder / "keys" / "keys.sqlite")
    entry = keys.find(lab.us.id, "k-1")
    assert keys.begin(lab.us.id, "k-1", entry.what, entry.since, entry)
    again = say(lab, conversation)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert again.row["after"]["message_id"] == run.row["after"]["message_id"]
    assert keys.find(lab.us.id, "k-1").done == run.row["after"]["message_id"]


def test_a_run_that_was_killed_before_sending_sends(lab):
    (conversation,) = waiting(lab)
    say(lab, conversation, config={"dry_run": True})
    keys = Keys(lab.folder / "keys" / "keys.sqlite")
    assert keys.find(lab.us.id, "k-1") is None, "a dry run remembers nothing"
    first = say(lab, conversation, "other", text="Something else")
    entry = keys.find(lab.us.id, "other")
    assert first.outcomes == [("applied", None)]
    assert keys.begin(lab.us.id, "k-1", entry.what, entry.since, None)
    assert say(lab, conversation).outcomes == [("rejected", "key_used")]
    keys.forget(lab.us.id, "k-1")
    assert say(lab, conversation).outcomes == [("applied", None)]


def test_a_key_that_another_run_takes_between_looking_and_sending_is_left_to_that_run(lab):
    (conversation,) = waiting(lab)
    other = Keys(lab.folder / "keys" / "keys.sqlite")
    reads = []

    def before(path):
        if path.endswith("/messages") and not reads:
            reads.append(path)
            assert other.begin(lab.us.id, "k-1", "what the other run says", "0", None)

    with lab.between(before=before):
        run = say(lab, conversation, config={"max_rejected_percent": 100})
    assert run.outcomes == [("rejected", "key_taken")]
    assert SEND not in run.writes
    assert other.find(lab.us.id, "k-1").what == "what the other run says"


def test_of_two_runs_that_saw_the_same_unclear_attempt_one_tries_again(tmp_path):
    one, other = (Keys(tmp_path / "keys.sqlite") for _ in range(2))
    assert one.begin("shop", "k", "what", "3", None)
    seen = other.find("shop", "k")
    assert one.begin("shop", "k", "what", "3", seen)
    assert not other.begin("shop", "k", "what", "3", seen)


def shown_otherwise(text, change):
    """A platform that changes how it shows a message with a text, and whose first answer to a message is none."""
    answers = []

    def after(path, answer):
        if path.startswith("/customer_service/202606/"):
            answers.append(path)
            return "none" if len(answers) == 1 else answer
        for row in (answer["data"] or {}).get("messages") or []:
            if json.loads(row["content"]) == {"content": text}:
                row.update(change)
        return answer

    return after


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("It leaves  today &amp; 5 &lt; 6\n", ("applied", None)),
        ("It leaves ***** & 5 < 6", ("unconfirmed", "maybe_said")),
    ],
)
def test_a_message_that_the_platform_shows_otherwise_is_not_sent_again(lab, words, outcome):
    (conversation,) = waiting(lab)
    with lab.between(after=shown_otherwise("It leaves today & 5 < 6", {"content": json.dumps({"content": words})})):
        run = say(lab, conversation, text="It leaves today & 5 < 6")
        again = say(lab, conversation, text="It leaves today & 5 < 6")
    assert (run.outcomes, run.writes[SEND]) == ([outcome], 1)
    assert SEND not in again.writes
    assert again.outcomes in [[("unchanged", None)], [outcome]]
    assert sent(lab, conversation).count(("TEXT", {"content": "It leaves today & 5 < 6"})) == 1


@pytest.mark.parametrize("facts", [{"sender": {}}, {"sender": {"role": "AGENT_OF_2027"}}, {"sender": None, "type": ""}])
def test_what_is_shown_without_who_said_it_is_not_said_again(lab, facts):
    (conversation,) = waiting(lab)
    with lab.between(after=shown_otherwise(TEXT, facts)):
        run = say(lab, conversation)
    assert (run.outcomes, run.writes[SEND]) == ([("applied", None)], 1)


def test_nothing_is_said_in_a_conversation_whose_messages_have_no_order(lab):
    (conversation,) = waiting(lab)

    def after(path, answer):
        for row in (answer["data"] or {}).get("messages") or []:
            row["index"] = None
        return answer

    with lab.between(after=after):
        run = say(lab, conversation, config={"max_rejected_percent": 100})
    assert (run.outcomes, run.writes) == ([("rejected", "odd_answer")], {})


def png(shade=0):
    """A small picture."""
    head = struct.pack(">IIBBBBB", 2, 3, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes([0, shade, shade] * 3))), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "mug.png"
    file.write_bytes(png())
    return file


def pictures_said(lab, conversation):
    return [content for kind, content in sent(lab, conversation) if kind == "IMAGE"]


def test_a_picture_is_uploaded_once_for_all_messages_and_runs_and_sent_once_in_each(lab, picture):
    one, two = waiting(lab, 2)
    before = len(pictures_said(lab, one))
    same = picture.with_name("same.png")
    same.write_bytes(picture.read_bytes())
    records = [
        {"message_key": f"p-{place}", "conversation_id": conversation, "picture": str(file)}
        for place, (conversation, file) in enumerate([(one, picture), (two, same)])
    ]
    plan = lab.feed("messages", *records, dry_run=True)
    run = lab.feed("messages", *records)
    assert (plan.outcomes, plan.writes) == ([("planned", None)] * 2, {})
    assert (run.outcomes, run.writes[UPLOAD], run.writes[SEND]) == ([("applied", None)] * 2, 1, 2)
    assert [row["after"]["picture"] for row in plan.rows] == ["mug.png", "same.png"]
    said = pictures_said(lab, one)
    assert (len(said), said[0]["width"], said[0]["height"]) == (before + 1, 2, 3)
    assert run.rows[0]["after"]["url"] == said[0]["url"] == pictures_said(lab, two)[0]["url"]
    again, later = lab.feed("messages", *records), say(lab, one, "p-3", text="And this")
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 2, {})
    picture.write_bytes(png(9))
    other = say(lab, one, "p-4", picture=str(picture))
    assert (later.outcomes, other.outcomes, other.writes[UPLOAD]) == ([("applied", None)], [("applied", None)], 1)


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle"])
def test_after_an_unclear_outcome_a_picture_is_not_said_twice(lab, picture, kind):
    (conversation,) = waiting(lab)
    before = len(pictures_said(lab, conversation))
    lab.fault(kind, path="/customer_service/202606/*", next=1)
    run = say(lab, conversation, picture=str(picture))
    assert (run.outcomes, run.writes[SEND]) == ([("applied", None)], 1)
    assert len(pictures_said(lab, conversation)) == before + 1


def test_a_picture_that_the_platform_has_lost_is_uploaded_again(lab, picture):
    (conversation,) = waiting(lab)
    content = hashlib.sha256(picture.read_bytes()).hexdigest()
    keys = Keys(lab.folder / "keys" / "keys.sqlite")
    keys.keep_picture(lab.us.id, content, {"url": "https://gone.example/a.png", "width": 2, "height": 3})
    run = say(lab, conversation, picture=str(picture))
    assert (run.outcomes, run.writes[UPLOAD], run.writes[SEND]) == ([("applied", None)], 1, 2)
    assert pictures_said(lab, conversation)[0]["url"] == run.row["after"]["url"] != "https://gone.example/a.png"


def test_a_picture_that_messages_do_not_take_is_rejected_without_a_call(lab, tmp_path):
    (conversation,) = waiting(lab)
    bad = {"note.txt": b"no picture", "big.png": png() + bytes(10 * 1024 * 1024), "map.bmp": b"BM" + bytes(90)}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    for name in (*bad, "gone.png"):
        assert rejected(lab, conversation, picture=str(tmp_path / name)) == [("rejected", "bad_picture")]
    for address in ("http://[::1", "https://"):
        assert rejected(lab, conversation, picture=address) == [("rejected", "bad_picture")]


def test_the_quota_of_a_day_ends_the_run_and_says_when_to_go_on(lab):
    (conversation,) = waiting(lab)

    def full(path, answer):
        if path.startswith("/customer_service/202606/"):
            return {"code": 45101004, "message": "The quota of the day is used up.", "request_id": "1", "data": None}
        return None

    with lab.between(after=full):
        run = say(lab, conversation, config={"max_rejected_percent": 100})
    assert run.outcomes == [("rejected", "45101004")]
    assert "tomorrow" in run.row["message"]
    assert "tomorrow" in str(run.error)
    assert Keys(lab.folder / "keys" / "keys.sqlite").find(lab.us.id, "k-1") is None, "the key is free again"


def test_other_messages_of_the_seller_s_do_not_keep_one_back_whose_attempt_failed(lab):
    (conversation,) = waiting(lab)
    assert say(lab, conversation, "k-1", text="First").outcomes == [("applied", None)]
    lab.fault("reset_before", path="/customer_service/202606/*", next=1)
    assert say(lab, conversation, "k-2", text="Second").outcomes == [("applied", None)]


def test_where_the_file_of_keys_is_lost_the_buyer_is_not_told_again(lab):
    (conversation,) = waiting(lab)
    say(lab, conversation)
    (lab.folder / "keys" / "keys.sqlite").unlink()
    again = say(lab, conversation)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_the_file_of_keys_belongs_to_its_owner_and_outlives_odd_moments(lab):
    (conversation,) = waiting(lab)
    say(lab, conversation)
    file = lab.folder / "keys" / "keys.sqlite"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"something else, long enough to be no database at all" * 10)
    run = say(lab, conversation, "k-2", text="More")
    assert run.error is not None
    assert run.writes == {}


def test_the_same_words_for_the_same_buyer_are_sent_once_in_a_feed(lab):
    (conversation,) = waiting(lab)
    records = [{"message_key": key, "conversation_id": conversation, "text": TEXT} for key in ("a", "b", "b")]
    run = lab.feed("messages", *records)
    assert [row["outcome"] for row in run.rows] == ["superseded", "superseded", "applied"]
    assert sent(lab, conversation).count(("TEXT", {"content": TEXT})) == 1


def rejected(lab, conversation, **more):
    """The code of a message that is rejected without a call, in a sentence."""
    run = say(lab, conversation, **more)
    assert run.writes == {}
    assert len(run.row["message"]) > 20
    return run.outcomes


def test_what_cannot_be_answered_is_rejected_without_a_call(lab):
    closed = next(row["id"] for row in conversations(lab) if not row["can_send_message"])
    assert rejected(lab, closed) == [("rejected", "window_closed")]
    assert rejected(lab, "17") == [("rejected", "unknown_conversation")]
    (conversation,) = waiting(lab)
    say(lab, conversation)
    assert rejected(lab, conversation, text="Other words under the same key") == [("rejected", "key_used")]


@pytest.mark.parametrize(
    "values",
    [
        {"text": "See https://example.com"},
        {"text": "x" * 2_001},
        {"text": " "},
        {},
        {"text": "a", "card_order_id": "1"},
        {"text": "a", "message_key": ""},
        {"text": "a", "conversation_id": "../17"},
        {"text": "a", "picture": "mug.png"},
        {"picture": " "},
    ],
)
def test_a_record_with_a_value_that_cannot_be_used_is_rejected(values):
    with pytest.raises(FieldError):
        CONTRACT.read({"message_key": "k", "conversation_id": "1", **values})


def test_max_messages_stops_before_the_batch_that_would_send_too_many(lab):
    records = [
        {"message_key": f"k-{place}", "conversation_id": conversation, "text": f"{TEXT} {place}"}
        for place, conversation in enumerate([*waiting(lab, 2), *waiting(lab)])
    ]
    run = lab.feed("messages", *records, max_messages=2)
    assert (run.outcomes, run.writes) == ([("guarded", "max_messages")] * 3, {})
    assert "3 messages would be sent to buyers, more than max_messages (2)" in str(run.error)
    assert lab.feed("messages", *records[:2], max_messages=2).outcomes == [("applied", None)] * 2


def test_the_plan_says_what_the_run_then_does(lab):
    closed = next(row["id"] for row in conversations(lab) if not row["can_send_message"])
    wanted = [*waiting(lab, 2), closed]
    records = [{"message_key": f"k-{n}", "conversation_id": one, "text": TEXT} for n, one in enumerate(wanted)]
    config = {"max_rejected_percent": 50}
    plan = lab.feed("messages", *records, dry_run=True, **config)
    run = lab.feed("messages", *records, **config)
    assert plan.writes == {}
    assert plan.outcomes == [("planned", None)] * 2 + [("rejected", "window_closed")]
    assert run.outcomes == [("applied", None)] * 2 + [("rejected", "window_closed")]
    for planned, done in zip(plan.rows, run.rows, strict=True):
        assert planned["after"].items() <= done["after"].items()
        assert planned["operation"] == done["operation"]


@contextlib.contextmanager
def held(file):
    """A file of SQLite that another process holds; yields what takes it."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as database:
        yield lambda: database.in_transaction or database.execute("BEGIN EXCLUSIVE")


def test_a_file_of_keys_that_another_process_holds_ends_the_run_before_anything_is_sent(lab, monkeypatch):
    (conversation,) = waiting(lab)
    monkeypatch.setattr(keys, "WAIT_SECONDS", 0.01)
    file = lab.folder / "keys" / "keys.sqlite"
    Keys(file)
    with held(file) as take, lab.between(before=lambda path: path.endswith("/messages") and take()):
        run = say(lab, conversation)
    assert (run.outcomes, SEND in run.writes) == ([("rejected", "run_stopped")], False)
    assert "which remembers what was sent, cannot be used (OperationalError)" in str(run.error)


def test_a_path_of_keys_that_cannot_be_written_is_named_before_anything_is_sent(lab, tmp_path):
    (conversation,) = waiting(lab)
    (tmp_path / "file").write_text("")
    run = say(lab, conversation, config={"message_keys_path": str(tmp_path / "file" / "keys.sqlite")})
    assert run.writes == {}
    assert "set message_keys_path to another one" in str(run.error)
