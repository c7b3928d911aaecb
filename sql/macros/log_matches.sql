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

-- A term as a pattern that matches it as whole words, in any case: "time out" is in "Time out!" and not in "time outs".
CREATE OR REPLACE MACRO word_pattern(term) AS
    '(?i)(?:^|[^\pL\pN_])' || regexp_escape(term) || '(?:$|[^\pL\pN_])';

-- Does a message have all the terms (words or phrases) and none of the others? Terms are in lower case, null: none. The
-- plain search comes first, because it is many times as fast as the pattern and leaves few messages to that.
CREATE OR REPLACE MACRO has_words(message, term_1, term_2, term_3, term_4, without_1, without_2) AS
    (term_1 IS NULL OR (contains(lower(message), term_1) AND regexp_matches(message, word_pattern(term_1))))
    AND (term_2 IS NULL OR (contains(lower(message), term_2) AND regexp_matches(message, word_pattern(term_2))))
    AND (term_3 IS NULL OR (contains(lower(message), term_3) AND regexp_matches(message, word_pattern(term_3))))
    AND (term_4 IS NULL OR (contains(lower(message), term_4) AND regexp_matches(message, word_pattern(term_4))))
    AND (without_1 IS NULL OR NOT coalesce(regexp_matches(message, word_pattern(without_1)), false))
    AND (without_2 IS NULL OR NOT coalesce(regexp_matches(message, word_pattern(without_2)), false));
