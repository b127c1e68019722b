"""Runs the command as ``python -m tiktokshop_webhooks``."""

from tiktokshop_webhooks.command.cli import main

main()
