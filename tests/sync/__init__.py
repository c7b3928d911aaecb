"""The tests of sync and cleanup against a real S3 server."""
