"""What all tests of the workspace share."""

from hypothesis import HealthCheck, settings

# Machines that run these tests are busy: how long an example takes says nothing about the code.
settings.register_profile("workspace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workspace")
