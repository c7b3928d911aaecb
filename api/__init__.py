"""The HTTP API over the warehouse, the dashboard, and the commands `serve` and `run`."""
