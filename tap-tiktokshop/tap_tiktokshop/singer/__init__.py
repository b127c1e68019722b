"""The Singer side: the only place that uses the SDK's streams and messages."""
