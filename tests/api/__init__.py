"""The HTTP API, the commands that serve it, and the dashboard."""
