-- The time zone of each market: of tiktokshop_regions, or of the user's own table.
{{ tiktokshop.overridden('tiktokshop_regions', ['region'], ['time_zone']) }}
