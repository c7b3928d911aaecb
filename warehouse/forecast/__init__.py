"""Forecasts and anomalies: what is to be expected, and what was not (`sql/forecast/`, `sql/anomaly/`)."""
