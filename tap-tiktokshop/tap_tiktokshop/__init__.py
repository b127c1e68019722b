"""Singer tap for TikTok Shop: orders, products, returns, settlements."""
