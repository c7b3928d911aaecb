"""Syncs that nobody starts by hand: on a schedule, in the foreground or inside the server."""
