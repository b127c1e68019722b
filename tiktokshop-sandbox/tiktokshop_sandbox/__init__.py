"""A TikTok Shop on your own machine: the platform's API, its checks and its faults."""
