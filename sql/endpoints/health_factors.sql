-- Why the performance score is what it is: each factor's value, the limits of its health, its weight in the score
-- and how many points it costs.
-- Parameters: $error_rate (percent), $response_ms (ms), $growth (MB per hour), as endpoints/analytics.sql gave them.
-- One row per factor. The score is 100 minus the costs, kept between 0 and 100. Null limits: not part of health.
SELECT
    f.name,
    f.unit,
    f.value,
    CAST(f.warning AS DOUBLE) AS warning,
    CAST(f.critical AS DOUBLE) AS critical,
    CAST(f.weight AS DOUBLE) AS weight,
    f.value * f.weight AS cost
FROM (
    VALUES
        ('errorRate', 'percent', CAST($error_rate AS DOUBLE), 10.0, 20.0, 2.0),
        ('avgResponseTime', 'ms', CAST($response_ms AS DOUBLE), 1000.0, 2000.0, 0.02),
        ('storageGrowth', 'MB per hour', CAST($growth AS DOUBLE), NULL, NULL, 0.1)
) AS f (name, unit, value, warning, critical, weight)
ORDER BY cost DESC, f.name
