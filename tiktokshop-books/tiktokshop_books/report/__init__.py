"""A page that shows the shops, written from the marts."""
