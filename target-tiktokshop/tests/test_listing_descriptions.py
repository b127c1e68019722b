"""Pictures inside of descriptions: uploaded once, and shown by the urls of their uploads."""

import pytest
from stalls import CREATE, UPLOAD
from target_tiktokshop.listings.illustrated import illustrated
from target_tiktokshop.listings.pictures import CheckedPicture, PictureRef


def test_a_picture_of_a_description_is_uploaded_once_and_shown_by_its_url(stall):
    path = stall.picture("inside.png", 800, 500)
    record = stall.record(description=f"<p>Holds tea.</p><img src='{path}' alt='a \"mug\"'><p>And more.</p>")
    plan = stall.feed(record, dry_run=True)
    assert (plan.row["outcome"], plan.writes) == ("planned", {})
    assert 'src="inside.png" width="800" height="500"' in plan.row["after"]["description"]
    run = stall.feed(record)
    assert (run.outcomes, run.writes) == ([("in_review", None)], {CREATE: 1, UPLOAD: 2})
    stall.review()
    shown = stall.product(run)["description"]
    assert shown.startswith('<p>Holds tea.</p><img src="https://p16-oec-va.ibyteimg.com/tos-')
    assert shown.endswith(' width="800" height="500" alt=\'a "mug"\'><p>And more.</p>')
    again = stall.feed(record)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    edit = stall.feed({**record, "description": record["description"].replace("And more", "And less")})
    assert edit.outcomes == [("in_review", None)]
    assert UPLOAD not in edit.writes


def test_a_picture_of_a_description_that_is_not_there_is_a_fault_of_the_record(stall):
    run = stall.feed(stall.record(description="<img src=none.png>"), max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_listing")], {})
    assert run.row["message"] == "description: the picture none.png cannot be read: No such file or directory"


OWN = "https://p16-oec-va.ibyteimg.com/tos-1"


@pytest.mark.parametrize(
    ("html", "made"),
    [
        (f'<img src="{OWN}" width="1" height="2">', f'<img src="{OWN}" width="1" height="2">'),
        ("<p>1 < 2</p>", "<p>1 < 2</p>"),
        ("<img alt='>' src=a.png>", '<img alt=\'>\' src="U(a.png)" width="3" height="4">'),
        ('<IMG SRC="a&amp;b.png" Height=9/>', '<IMG src="U(a&amp;b.png)" width="3" Height=9/>'),
        ('<img data-src="a.png">', '<img data-src="a.png">'),
        ("<img src=''>", "<img src=''>"),
    ],
)
def test_only_sources_of_pictures_elsewhere_are_replaced(html, made):
    found = illustrated(html, lambda source: CheckedPicture(PictureRef(source=source), "d", "", (3, 4)))
    assert found.html(lambda picture: f"U({picture.ref.source})") == made
