"""Tests of the listing: what it finds, what it leaves out, what it costs."""
