-- A config under which more fails than under the others, beyond chance: 200 entries at least on both sides, an error rate
-- higher by one percentage point, and a two-sided two-proportion z-test with p < 0.001 (|z| > 3.29; pooled variance,
-- as in any textbook of statistics).
-- Parameters: the columns of endpoints/window.sql. At most three rows. Hours that begin in the window. value: percent;
-- since is the first hour of the config in the window.
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

compared AS (
    SELECT
        c.config,
        c.first_slot,
        c.entries,
        c.errors,
        sum(c.entries) OVER () - c.entries AS other_entries,
        sum(c.errors) OVER () - c.errors AS other_errors,
        sum(c.errors) OVER () / sum(c.entries) OVER () AS pooled
    FROM configs AS c
),

tested AS (
    SELECT
        c.config,
        c.first_slot,
        100 * c.errors / c.entries AS rate,
        100 * c.other_errors / c.other_entries AS other_rate,
        (c.errors / c.entries - c.other_errors / c.other_entries)
            / sqrt(c.pooled * (1 - c.pooled) * (1 / c.entries + 1 / c.other_entries)) AS z
    FROM compared AS c
    WHERE c.entries >= 200 AND c.other_entries >= 200 AND c.pooled > 0 AND c.pooled < 1
)

SELECT
    'critical' AS severity,
    t.rate AS value,
    epoch_millis(t.first_slot) AS since,
    format('Under config {} {:.1f} percent fail, under the others {:.1f} (p < 0.001).', t.config, t.rate, t.other_rate)
        AS seen,
    format('Compare what changed with it: warehouse metrics --config {}.', t.config) AS action,
    'activity_by' AS "view"
FROM tested AS t
WHERE t.z > 3.29 AND t.rate - t.other_rate >= 1
ORDER BY t.z DESC, t.config
LIMIT 3
