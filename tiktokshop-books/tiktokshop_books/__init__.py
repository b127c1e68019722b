"""What becomes of the marts of dbt-tiktokshop."""
