-- Does a log entry match the filters of the log viewer? A null filter matches everything; a source or config hash
-- that an entry does not name is called unknown, as in the distributions.
-- q is searched for in the message without regard to case; min_response_ms is in milliseconds.
CREATE OR REPLACE MACRO log_matches(
    level, source, config_hash, message, status, method, package, response_ms,
    levels, want_source, want_config_hash, q, want_status, want_method, want_package, min_response_ms
) AS
    (levels IS NULL OR list_contains(levels, level))
    AND (want_source IS NULL OR coalesce(source, 'unknown') = want_source)
    AND (want_config_hash IS NULL OR coalesce(config_hash, 'unknown') = hex_hash(want_config_hash))
    AND (q IS NULL OR contains(lower(message), lower(q)))
    AND (want_status IS NULL OR status = want_status)
    AND (want_method IS NULL OR method = upper(want_method))
    AND (want_package IS NULL OR package = want_package)
    AND (min_response_ms IS NULL OR response_ms >= min_response_ms);
