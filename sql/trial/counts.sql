-- `warehouse formats try`: how many lines of a sample became log rows, and how many entries those stand for.
-- Reads conformed, which a format made of the sample. One row. Line 0 stands for compressed data that are damaged.
SELECT
    count(*) FILTER (WHERE c.line > 0) AS lines,
    count(*) FILTER (WHERE c.line > 0 AND c.reason IS NULL) AS accepted,
    count(*) FILTER (WHERE c.reason IS NOT NULL) AS rejected,
    CAST(coalesce(sum(c.weight) FILTER (WHERE c.reason IS NULL), 0) AS BIGINT) AS entries,
    epoch_millis(min(c.ts)) AS "firstTimestamp",
    epoch_millis(max(c.ts)) AS "lastTimestamp"
FROM conformed AS c
