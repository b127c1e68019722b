"""What the tests say to the target."""


def schema(properties, keys=(), stream="s"):
    parts = {name: part if isinstance(part, dict) else {"type": part} for name, part in properties.items()}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": parts}, "key_properties": list(keys)}


def record(stream="s", /, **values):
    return {"type": "RECORD", "stream": stream, "record": values}
