"""What a listing is: read from a record, checked before anything is sent, compared with the live product."""
