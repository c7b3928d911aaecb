"""Keeps the warehouse small, fast and true: cleanup, compaction, rebuilding and verifying."""
