"""Where processes share their budgets and claims: `open_place` finds the place that the settings name."""

from tiktokshop_client.places.place import BudgetPlace, open_claims_place, open_day_place, open_place, unshared

__all__ = ["BudgetPlace", "open_claims_place", "open_day_place", "open_place", "unshared"]
