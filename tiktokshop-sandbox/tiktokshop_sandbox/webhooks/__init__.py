"""Webhooks: what happens in the shops is noticed, kept in an outbox, and delivered as the platform does it."""
