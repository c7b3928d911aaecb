"""Alerts: rules over the figures, what became of them, and who is told."""
