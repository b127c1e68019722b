"""Many sellers, each with a sandbox of its own in this process: `sandboxes.py FOLDER PORT COUNT`.

Seller n listens on PORT + n and keeps its shop in FOLDER. A line of JSON says when all are there, with their settings.
"""

import json
import sys
import threading
from pathlib import Path

import tiktokshop_sandbox

NOON = 1_780_315_200
SETTINGS = ("api_base_url", "auth_base_url", "app_key", "app_secret", "access_token", "refresh_token")


def main() -> None:
    """Serves until it is killed."""
    folder, port, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    running = [
        tiktokshop_sandbox.start(
            folder / f"sandbox-{number}.sqlite",
            seed=number,
            shops=1,
            orders=150,
            now=NOON,
            port=port + number,
            latency_ms=40,
        )
        for number in range(count)
    ]
    print(json.dumps([{name: getattr(one, name) for name in SETTINGS} for one in running]), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
