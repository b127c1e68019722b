"""What all tests of the workspace share."""

import os

from hypothesis import HealthCheck, settings

# Machines that run these tests are busy: how long an example takes says nothing about the code.
settings.register_profile("workspace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For hours when nobody waits; `--hypothesis-seed`, which pytest prints, brings a run back.
settings.register_profile("nightly", settings.get_profile("workspace"), max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "workspace"))
