-- Step 18 of a forecast: how it came about, in words and figures (tables/forecast_models.sql). Grain: series and model. Reads
-- forecast_backtest, forecast_weights, forecast_lines, forecast_cleaned and forecast_samples. Parameters: $origin (UTC), $version, $entries
-- (log entries of the history).
WITH histories AS (
    SELECT
        c.series,
        count(*) AS hours,
        count(*) FILTER (WHERE NOT c.observed) AS gaps,
        count(*) FILTER (WHERE c.spike) AS spikes
    FROM forecast_cleaned AS c
    GROUP BY c.series
),

shares AS (
    SELECT s.series, list(s.model ORDER BY s.share DESC, s.model) AS members, list(s.share ORDER BY s.share DESC, s.model) AS shares
    FROM (
        SELECT w.series, w.model, 100 * avg(w.weight / w.total) AS share
        FROM (
            SELECT f.series, f.model, f.weight, sum(f.weight) OVER (PARTITION BY f.series, f.ahead) AS total
            FROM forecast_weights AS f
        ) AS w
        GROUP BY w.series, w.model
    ) AS s
    GROUP BY s.series
)

SELECT
    CAST($origin AS TIMESTAMP) AS issued,
    b.series AS metric,
    b.model,
    $version AS version,
    CAST($entries AS BIGINT) AS entries,
    h.hours,
    h.gaps,
    h.spikes,
    CASE WHEN b.model = 'ensemble' THEN s.members ELSE [b.model] END AS members,
    CASE WHEN b.model = 'ensemble' THEN s.shares ELSE [100.0] END AS shares,
    CASE WHEN b.model = 'linear' THEN l.slope END AS slope,
    CASE WHEN b.model = 'linear' THEN l.r2 END AS r2,
    b.hours AS tested,
    b.mase,
    b.smape,
    b.coverage80,
    b.coverage95,
    CASE
        WHEN b.model = 'linear' THEN format('a straight line through the last {} hours', l.hours)
        WHEN b.model = 'same-hour-yesterday' THEN 'each hour as on the day before'
        WHEN m.tried < 25
            THEN format('{} hours of history are too few for a daily rhythm: the last hour and the mean', h.hours)
        WHEN h.hours < 336
            THEN format('{} hours of history, less than two weeks: {} models that these allow', h.hours, len(s.members))
        ELSE format('{} hours of history: all {} models', h.hours, len(s.members))
    END
    || CASE
        WHEN b.model = 'ensemble' THEN format(', weighted by how they did on the last {} hours', m.n - m.tried)
        ELSE ''
    END
    || CASE WHEN h.gaps = 0 THEN '' ELSE format('; {} without a value filled in', hours_text(h.gaps)) END
    || CASE WHEN h.spikes = 0 THEN '' ELSE format('; {} with a spike smoothed', hours_text(h.spikes)) END AS reason
FROM forecast_backtest AS b
JOIN histories AS h ON h.series = b.series
JOIN forecast_samples AS m ON m.series = b.series AND m.cut = 0
LEFT JOIN shares AS s ON s.series = b.series
LEFT JOIN forecast_lines AS l ON l.series = b.series AND l.cut = 0
