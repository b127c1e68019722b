"""One call to its end: signed, throttled, sent, its answer bounded and read."""
