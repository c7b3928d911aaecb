-- A config under which more fails than under the others, or than failed before it came, beyond chance: 200 entries at least on
-- both sides, an error rate higher by one percentage point, and a two-sided two-proportion z-test with p < 0.001 (|z| > 3.29;
-- pooled variance, as in any textbook of statistics).
-- The others are those of the window, in hours that begin in it. Before: a config that came in the window, or in the hour before
-- it (who looks a day after a deployment sees it), and was not there in the week or the window before, against what the same
-- sources logged there under configs that ended, day by day, before it came.
-- Parameters: the columns of endpoints/window_slots.sql and window.sql. At most three rows, one per config. value: percent; since is the first hour of
-- the config in the window, or when it came.
WITH configs AS (
    SELECT
        b.value AS config,
        CAST(sum(b.entries) AS DOUBLE) AS entries,
        CAST(sum(b.error) AS DOUBLE) AS errors,
        min(b.slot) AS first_slot
    FROM activity_by AS b
    WHERE b.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
        AND b.dimension = 'config' AND b.slot >= $window_start AND b.slot < $window_end
    GROUP BY b.value
),

-- A day of a source under a config.
days AS (
    SELECT
        d.source,
        d.config_hash AS config,
        sum(d.entries) AS entries,
        coalesce(sum(d.entries) FILTER (WHERE d.level = 'error'), 0) AS errors,
        min(d.first_ts) AS first_ts,
        max(d.last_ts) AS last_ts
    FROM daily AS d
    WHERE d.day BETWEEN CAST(least(CAST($previous_start AS TIMESTAMP), CAST($window_start AS TIMESTAMP) - INTERVAL 7 DAYS) AS DATE)
            AND CAST($window_end AS DATE)
        AND d.config_hash IS NOT NULL
    GROUP BY d.day, d.source, d.config_hash
),

came AS (
    SELECT
        y.config,
        min(y.first_ts) AS first_ts,
        CAST(sum(y.entries) AS DOUBLE) AS entries,
        CAST(sum(y.errors) AS DOUBLE) AS errors
    FROM days AS y
    GROUP BY y.config
    HAVING min(y.first_ts) >= CAST($window_start AS TIMESTAMP) - INTERVAL 1 HOUR AND min(y.first_ts) < $window_end
),

before AS (
    SELECT c.config, CAST(sum(y.entries) AS DOUBLE) AS entries, CAST(sum(y.errors) AS DOUBLE) AS errors
    FROM came AS c
    JOIN days AS y ON y.last_ts < c.first_ts
    WHERE EXISTS (FROM days AS s WHERE s.config = c.config AND s.source IS NOT DISTINCT FROM y.source)
    GROUP BY c.config
),

compared AS (
    SELECT
        1 AS rank,
        c.config,
        c.first_slot AS since,
        c.entries,
        c.errors,
        sum(c.entries) OVER () - c.entries AS other_entries,
        sum(c.errors) OVER () - c.errors AS other_errors
    FROM configs AS c
    UNION ALL
    SELECT 2 AS rank, c.config, c.first_ts AS since, c.entries, c.errors, b.entries AS other_entries, b.errors AS other_errors
    FROM came AS c
    JOIN before AS b ON b.config = c.config
),

tested AS (
    SELECT
        c.rank,
        c.config,
        c.since,
        100 * c.errors / c.entries AS rate,
        100 * c.other_errors / c.other_entries AS other_rate,
        (c.errors / c.entries - c.other_errors / c.other_entries)
            / sqrt(
                (c.errors + c.other_errors) / (c.entries + c.other_entries)
                * (1 - (c.errors + c.other_errors) / (c.entries + c.other_entries))
                * (1 / c.entries + 1 / c.other_entries)
            ) AS z
    FROM compared AS c
    WHERE c.entries >= 200 AND c.other_entries >= 200
        AND c.errors + c.other_errors > 0 AND c.errors + c.other_errors < c.entries + c.other_entries
),

significant AS (
    SELECT t.rank, t.config, t.since, t.rate, t.other_rate, t.z, min(t.rank) OVER (PARTITION BY t.config) AS told
    FROM tested AS t
    WHERE t.z > 3.29 AND t.rate - t.other_rate >= 1
)

SELECT
    'critical' AS severity,
    t.rate AS value,
    epoch_millis(t.since) AS since,
    CASE t.rank
        WHEN 1 THEN
            format('Under config {} {:.1f} percent fail, under the others {:.1f} (p < 0.001).', t.config, t.rate, t.other_rate)
        ELSE format('Under config {} {:.1f} percent fail; before it came, {:.1f} of the same sources did (p < 0.001).',
            t.config, t.rate, t.other_rate)
    END AS seen,
    format('Compare what changed with it: warehouse metrics --config {}.', t.config) AS action,
    CASE t.rank WHEN 1 THEN 'activity_by' ELSE 'daily' END AS "view"
FROM significant AS t
WHERE t.rank = t.told
ORDER BY t.z DESC, t.config
LIMIT 3
