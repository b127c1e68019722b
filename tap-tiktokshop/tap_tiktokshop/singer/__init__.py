"""What speaks Singer: the only place that touches the SDK's streams and messages."""
