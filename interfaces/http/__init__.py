"""The HTTP API: requests in, commands out."""
