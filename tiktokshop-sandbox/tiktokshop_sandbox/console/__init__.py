"""The console at `/console`: what the shops hold, what was asked of them, and hands on both."""

from tiktokshop_sandbox.console.routes import PATH, Console

__all__ = ["PATH", "Console"]
