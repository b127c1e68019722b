"""Consent for many sellers: their links, what comes back, and the service that does both (`tiktokshop auth serve`)."""
