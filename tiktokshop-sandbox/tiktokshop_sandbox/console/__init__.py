"""The console at `/console`: shows what the shops hold and what was requested, and has buttons to change both."""

from tiktokshop_sandbox.console.routes import PATH, Console

__all__ = ["PATH", "Console"]
