"""How records become writes: collect, resolve, compare, guard, send, read back. Nothing here knows about Singer."""
