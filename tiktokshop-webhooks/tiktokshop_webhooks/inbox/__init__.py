"""The inbox: where events wait, in an order that a reader can trust, until those who want them have read them.

For a reader::

    from tiktokshop_webhooks.inbox import open_inbox

    inbox = open_inbox(".tiktokshop/inbox.sqlite", create=False)
    for event in inbox.after(position, limit=1000):
        ...
        position = event.position

Every event has a position, 1 and up. **A reader that has read up to position N never misses an event that is stored
later: such an event has a position above N**, whatever writes to the inbox at the same time. A number is taken from a
row that its transaction keeps locked until it is committed, so numbers become visible in their order. A reader keeps
its own position; events stay for all others, until the retention removes them. Of an event that was delivered several
times there is one row.

What a reader should store beside its position is ``inbox.identity()``: another identity means another inbox, in which
positions began anew. ``inbox.forgotten()`` is the highest position that the retention has removed; a reader whose
position is lower has missed events.
"""

from tiktokshop_webhooks.inbox.address import open_inbox
from tiktokshop_webhooks.inbox.engine import InboxError, UselessInboxError
from tiktokshop_webhooks.inbox.event import Arrival, Event, Kept, Stray
from tiktokshop_webhooks.inbox.inbox import Inbox

__all__ = ["Arrival", "Event", "Inbox", "InboxError", "Kept", "Stray", "UselessInboxError", "open_inbox"]
