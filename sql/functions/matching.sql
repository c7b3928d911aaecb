-- The entries that match a filter of the log viewer: matching(…) has rows that stand for `entries` entries each, for whoever counts them.
-- Whole slots come from the rollup by facets, as one row per slot and combination at the slot's start; what lies before and after them
-- from the rows. So the cost follows the slots. Facets do not tell messages and response times: with q, min_response_ms or a term the
-- slots have to be none, and the rows are read. What has no time in it is not even bound.
-- Parameters: starts and ends (UTC, both inclusive), first_whole and after_whole (the slots between them; equal for none), slot_grain
-- (seconds of the slots), and those of macros/log_matches.sql.
CREATE OR REPLACE MACRO matching(
    starts, ends, first_whole, after_whole, slot_grain,
    levels, of_source, of_config_hash, q, of_status, of_method, of_package, min_response_ms,
    term_1, term_2, term_3, term_4, without_1, without_2
) AS TABLE
WITH slots AS (
    SELECT f.date, f.slot AS ts, f.level, f.source, f.status, f.method, f.package, f.config_hash, f.entries
    FROM facets AS f
    WHERE f.date BETWEEN CAST(first_whole AS DATE) AND CAST(after_whole AS DATE)
        AND f.grain = slot_grain AND f.slot >= first_whole AND f.slot < after_whole
        AND log_matches(f.level, f.source, f.config_hash, NULL, f.status, f.method, f.package, NULL,
            levels, of_source, of_config_hash, NULL, of_status, of_method, of_package, NULL)
),

rows_before AS (
    SELECT l.date, l.ts, l.level, l.source, l.status, l.method, l.package, l.config_hash, l.weight AS entries
    FROM logs AS l
    WHERE l.date BETWEEN CAST(starts AS DATE) AND CAST(first_whole AS DATE) AND l.ts >= starts AND l.ts < first_whole
        AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
            levels, of_source, of_config_hash, q, of_status, of_method, of_package, min_response_ms)
        AND has_words(l.message, term_1, term_2, term_3, term_4, without_1, without_2)
),

rows_after AS (
    SELECT l.date, l.ts, l.level, l.source, l.status, l.method, l.package, l.config_hash, l.weight AS entries
    FROM logs AS l
    WHERE l.date BETWEEN CAST(after_whole AS DATE) AND CAST(ends AS DATE) AND l.ts >= after_whole AND l.ts <= ends
        AND log_matches(l.level, l.source, l.config_hash, l.message, l.status, l.method, l.package, l.response_ms,
            levels, of_source, of_config_hash, q, of_status, of_method, of_package, min_response_ms)
        AND has_words(l.message, term_1, term_2, term_3, term_4, without_1, without_2)
),

no_rows AS (
    SELECT
        CAST(NULL AS DATE) AS date, CAST(NULL AS TIMESTAMP) AS ts, CAST(NULL AS VARCHAR) AS level,
        CAST(NULL AS VARCHAR) AS source, CAST(NULL AS SMALLINT) AS status, CAST(NULL AS VARCHAR) AS method,
        CAST(NULL AS VARCHAR) AS package, CAST(NULL AS VARCHAR) AS config_hash, CAST(NULL AS BIGINT) AS entries
    WHERE false
)

FROM query_table(CASE WHEN first_whole < after_whole THEN 'slots' ELSE 'no_rows' END)
UNION ALL
FROM query_table(CASE WHEN starts < first_whole THEN 'rows_before' ELSE 'no_rows' END)
UNION ALL
FROM query_table(CASE WHEN after_whole <= ends THEN 'rows_after' ELSE 'no_rows' END)
