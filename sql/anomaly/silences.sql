-- A source that falls silent counts as an anomaly. Grain: source and hour without any entry of it. Parameters: $origin (UTC), $version.
-- Of the 50 busiest sources of the last 31 days: silent is an hour without an entry where the same hour of weekdays, or of weekends, usually (median of the 28 days
-- before, 3 such days at least) had 10. score: usual / (usual + 8).
WITH busy AS (
    SELECT b.value AS source, min(b.slot) AS first_slot
    FROM activity_by AS b
    WHERE b.date BETWEEN CAST($origin - INTERVAL 31 DAYS AS DATE) AND CAST($origin AS DATE)
        AND b.dimension = 'source' AND b.slot < $origin
    GROUP BY b.value
    ORDER BY sum(b.entries) DESC, b.value
    LIMIT 50
),

hours AS (
    SELECT s.source, s.first_slot + to_hours(CAST(n.i AS INTEGER)) AS slot
    FROM busy AS s
    JOIN range(0, 768) AS n (i) ON s.first_slot + to_hours(CAST(n.i AS INTEGER)) < $origin
),

counted AS (
    SELECT
        h.source,
        h.slot,
        coalesce(b.entries, 0) AS entries,
        median(coalesce(b.entries, 0)) OVER days AS usual,
        count(*) OVER days AS days
    FROM hours AS h
    LEFT JOIN activity_by AS b
        ON b.value = h.source AND b.slot = h.slot AND b.dimension = 'source'
        AND b.date BETWEEN CAST($origin - INTERVAL 31 DAYS AS DATE) AND CAST($origin AS DATE)
    WINDOW days AS (
        PARTITION BY h.source, hour(h.slot), isodow(h.slot) > 5
        ORDER BY h.slot RANGE BETWEEN INTERVAL 28 DAYS PRECEDING AND INTERVAL 12 HOURS PRECEDING
    )
),

silent AS (
    SELECT
        c.*,
        c.entries = 0 AND c.usual >= 10 AND c.days >= 3 AS silent,
        max(CASE WHEN c.entries > 0 THEN c.slot END) OVER (PARTITION BY c.source ORDER BY c.slot) AS heard
    FROM counted AS c
)

SELECT
    3600 AS grain,
    s.slot,
    'silence' AS metric,
    s.source AS subject,
    0.0 AS value,
    CAST(s.usual AS DOUBLE) AS usual,
    1.0 AS expected_low,
    CAST(NULL AS DOUBLE) AS expected_high,
    'silence' AS signal,
    s.usual / (s.usual + 8) AS score,
    true AS anomaly,
    coalesce(s.heard + INTERVAL 1 HOUR, s.slot) AS since,
    $version AS version,
    format(
        'source {} is silent since {} UTC; this hour it usually has {:,} entries',
        s.source, strftime(coalesce(s.heard + INTERVAL 1 HOUR, s.slot), '%Y-%m-%d %H:%M'), CAST(s.usual AS BIGINT)
    ) AS reason
FROM silent AS s
WHERE s.silent
