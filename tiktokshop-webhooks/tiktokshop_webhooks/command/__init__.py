"""The command `tiktokshop-webhooks`."""
