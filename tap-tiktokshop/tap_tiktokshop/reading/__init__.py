"""The ways to read: windows of time, whole lists, questions about each row of a list, reports by day."""

from tap_tiktokshop.reading.base import Chunk, Following, Reading, Source, Window
from tap_tiktokshop.reading.children import IDENTITY, Children, Parents
from tap_tiktokshop.reading.days import Days
from tap_tiktokshop.reading.lists import AuthorisedShop, Listed, OfTheInbox, OfTheRun, Single
from tap_tiktokshop.reading.onboarding import IfOnboarded
from tap_tiktokshop.reading.roster import Roster
from tap_tiktokshop.reading.windows import NestedFilter, TimeFilter, Windows

__all__ = [
    "IDENTITY",
    "AuthorisedShop",
    "Children",
    "Chunk",
    "Days",
    "Following",
    "IfOnboarded",
    "Listed",
    "NestedFilter",
    "OfTheInbox",
    "OfTheRun",
    "Parents",
    "Reading",
    "Roster",
    "Single",
    "Source",
    "TimeFilter",
    "Window",
    "Windows",
]
