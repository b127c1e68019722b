"""The shops' objects as the platform shows them."""
