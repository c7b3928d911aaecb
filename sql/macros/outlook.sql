-- What forecasts are reckoned with.

-- The quantile of Student's t with so many degrees of freedom that belongs to the normal one `z`: the expansion of
-- Abramowitz and Stegun, 26.7.5; within 1 percent from 4 degrees on, too small by a quarter at 1.
CREATE OR REPLACE MACRO student_t(z, degrees) AS
    z
    + (pow(z, 3) + z) / (4 * degrees)
    + (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * pow(degrees, 2))
    + (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / (384 * pow(degrees, 3));

-- The standard error of what a straight line (a row of sql/forecast/lines.sql) says of one hour, so many hours `ahead`.
CREATE OR REPLACE MACRO line_error(residual, hours, middle, squares, ahead) AS
    residual * sqrt(1 + 1.0 / hours + pow(ahead - middle, 2) / squares);

-- A number of hours in words.
CREATE OR REPLACE MACRO hours_text(hours) AS
    CASE WHEN hours = 1 THEN '1 hour' ELSE format('{:,} hours', hours) END;

-- A metric's value as people read it; storage comes in bytes.
CREATE OR REPLACE MACRO metric_text(metric, value) AS
    CASE
        WHEN metric = 'storage' THEN format('{:,.2f} MB', megabytes(value))
        WHEN metric LIKE 'responseTime%' THEN format('{:,.1f} ms', CAST(value AS DOUBLE))
        ELSE format('{:,}', CAST(round(value) AS BIGINT))
    END;

-- What an anomaly is about, in words.
CREATE OR REPLACE MACRO anomaly_title(metric, subject) AS
    CASE metric
        WHEN 'logs' THEN 'log entries'
        WHEN 'errors' THEN 'errors'
        WHEN 'responseTime' THEN 'mean response time'
        WHEN 'responseTimeMax' THEN 'slowest response'
        WHEN 'responseTimeMin' THEN 'fastest response'
        WHEN 'storage' THEN 'newly stored'
        ELSE metric || ' of ' || subject
    END;

-- A distance in units of the largest one before; of the tolerance, where that is larger. 0 before there is any.
CREATE OR REPLACE MACRO strength_over(distance, record, tolerance) AS
    CASE WHEN record IS NULL THEN 0 ELSE coalesce(distance / nullif(greatest(record, tolerance), 0), 0) END;

-- How many spreads an interval reaches: a quantile of the backtest's misses, never less than `least`, a little more for few
-- origins.
CREATE OR REPLACE MACRO interval_edge(quantile, least_edge, origins) AS
    (1 + 0.25 / sqrt(origins)) * greatest(least_edge, quantile);
