"""Singer target for TikTok Shop: inventory, prices, tracking."""
