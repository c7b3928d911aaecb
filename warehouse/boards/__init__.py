"""Boards: dashboards that people put together from panels, each a question to one table or view."""
