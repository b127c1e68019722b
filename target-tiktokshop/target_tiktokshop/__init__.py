"""Singer target for TikTok Shop."""
