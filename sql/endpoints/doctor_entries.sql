-- `warehouse doctor`: entries that the Parquet files of each table hold, and entries that the manifest says they hold.
-- One row per table. Counting opens every file's footer, so a damaged file is met here.
SELECT c."table" AS "table", c.entries AS entries, CAST(coalesce(m.entries, 0) AS BIGINT) AS expected
FROM (
    SELECT 'activity' AS "table", count(*) AS entries FROM activity AS a
    UNION ALL
    SELECT 'activity_by' AS "table", count(*) AS entries FROM activity_by AS b
    UNION ALL
    SELECT 'anomalies' AS "table", count(*) AS entries FROM anomalies AS n
    UNION ALL
    SELECT 'daily' AS "table", count(*) AS entries FROM daily AS d
    UNION ALL
    SELECT 'downloads' AS "table", count(*) AS entries FROM downloads AS w
    UNION ALL
    SELECT 'errors' AS "table", count(*) AS entries FROM errors AS e
    UNION ALL
    SELECT 'error_templates' AS "table", count(*) AS entries FROM error_templates AS x
    UNION ALL
    SELECT 'facets' AS "table", count(*) AS entries FROM facets AS c
    UNION ALL
    SELECT 'forecasts' AS "table", count(*) AS entries FROM forecasts AS f
    UNION ALL
    SELECT 'forecast_models' AS "table", count(*) AS entries FROM forecast_models AS m
    UNION ALL
    SELECT 'installers' AS "table", count(*) AS entries FROM installers AS i
    UNION ALL
    SELECT 'latency' AS "table", count(*) AS entries FROM latency AS t
    UNION ALL
    SELECT 'logs' AS "table", count(*) AS entries FROM logs AS l
    UNION ALL
    SELECT 'packages' AS "table", count(*) AS entries FROM packages AS p
    UNION ALL
    SELECT 'quarantine' AS "table", count(*) AS entries FROM quarantine AS q
    UNION ALL
    SELECT 'storage' AS "table", count(*) AS entries FROM storage AS s
) AS c
LEFT JOIN (
    SELECT f."table" AS "table", sum(f.entries) AS entries
    FROM files AS f
    GROUP BY f."table"
) AS m ON m."table" = c."table"
ORDER BY c."table"
