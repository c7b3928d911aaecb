-- A panel of a board: a figure over time, of each category where there are some. Grain: period and category, oldest first.
-- Parameters: $starts and $ends (UTC), $seconds (length of a period), $limit (categories with a line of their own; the others are one).
-- Placeholders, which the panel fills in: source, moment (its time), measure, category, condition, nothing (the value of a period without
-- any row). time: the start of the period, epoch ms.
WITH chosen AS (
    SELECT category AS name
    FROM source
    WHERE condition
    GROUP BY category
    ORDER BY measure DESC NULLS LAST, category
    LIMIT $limit
),

found AS (
    SELECT
        time_bucket(to_seconds(CAST($seconds AS BIGINT)), CAST(moment AS TIMESTAMP)) AS period,
        CASE WHEN category IN (SELECT c.name FROM chosen AS c) THEN category ELSE 'others' END AS name,
        measure AS value
    FROM source
    WHERE condition
    GROUP BY 1, 2
),

periods AS (
    SELECT unnest(range(
        time_bucket(to_seconds(CAST($seconds AS BIGINT)), CAST($starts AS TIMESTAMP)),
        CAST($ends AS TIMESTAMP),
        to_seconds(CAST($seconds AS BIGINT))
    )) AS period
),

names AS (
    SELECT DISTINCT f.name
    FROM found AS f
)

SELECT epoch_ms(p.period) AS time, n.name, coalesce(f.value, nothing) AS value
FROM periods AS p
CROSS JOIN names AS n
LEFT JOIN found AS f ON f.period = p.period AND f.name = n.name
ORDER BY p.period, n.name
