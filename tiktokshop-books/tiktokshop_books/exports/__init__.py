"""The journal in the formats that accounting programs import."""
