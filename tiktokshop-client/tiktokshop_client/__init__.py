"""The TikTok Shop platform, once: signing, tokens, budgets, errors, paging."""
