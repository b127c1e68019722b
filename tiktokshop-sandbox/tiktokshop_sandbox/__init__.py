"""A TikTok Shop on your own machine: the platform's API, its checks and its faults."""

from tiktokshop_sandbox.beside import start_beside
from tiktokshop_sandbox.sandbox import SandboxError
from tiktokshop_sandbox.server import Running, start

__all__ = ["Running", "SandboxError", "start", "start_beside"]
