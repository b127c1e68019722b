-- The category of each amount of a settlement: of tiktokshop_components, or of the user's own table.
{{ tiktokshop.overridden('tiktokshop_components', ['section', 'component'], ['category']) }}
