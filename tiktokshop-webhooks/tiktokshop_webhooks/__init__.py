"""Receives the platform's webhooks: verified over their exact bytes, kept durably, each event once.

``tiktokshop_webhooks.inbox`` is what reads the events; it needs neither the server nor its libraries.
"""
