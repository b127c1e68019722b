"""Where processes share their budgets: `open_place` finds the place that the settings name."""

from tiktokshop_client.places.place import BudgetPlace, open_place, unshared

__all__ = ["BudgetPlace", "open_place", "unshared"]
