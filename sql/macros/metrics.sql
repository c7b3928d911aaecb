-- Formulas that several endpoints share; the definitions are the contract's.

-- Share in percent, 0 where there is nothing to share.
CREATE OR REPLACE MACRO percentage(part, whole) AS coalesce(100.0 * part / nullif(whole, 0), 0);

-- A BIGINT as many times as the weight of its row says, at most 9e18: a product beyond a BIGINT would end the sync.
CREATE OR REPLACE MACRO weighted(v, weight) AS
    CASE WHEN v IS NOT NULL THEN least(v, CAST(9e18 / weight AS BIGINT)) * weight END;

-- The same in nanoseconds for milliseconds of at most a day, which need no look at the product up to this weight.
CREATE OR REPLACE MACRO weighted_ns(ms, weight) AS
    CASE WHEN weight <= 100000 THEN CAST(round(ms * 1000000) AS BIGINT) * weight
        ELSE weighted(CAST(round(ms * 1000000) AS BIGINT), weight) END;

-- Mean in milliseconds from a sum in nanoseconds, 0 where nothing was timed.
CREATE OR REPLACE MACRO mean_ms(response_ns, timed) AS coalesce(CAST(response_ns AS DOUBLE) / 1e6 / nullif(timed, 0), 0);

-- 1 MB = 1,048,576 bytes.
CREATE OR REPLACE MACRO megabytes(b) AS CAST(b AS DOUBLE) / 1048576;

-- 0 healthy, 1 warning, 2 critical. error_rate in percent, response_ms in milliseconds.
CREATE OR REPLACE MACRO health_level(error_rate, response_ms) AS
    CASE
        WHEN error_rate > 20 OR response_ms > 2000 THEN 2
        WHEN error_rate > 10 OR response_ms > 1000 THEN 1
        ELSE 0
    END;

CREATE OR REPLACE MACRO health_name(health) AS
    CASE health WHEN 2 THEN 'critical' WHEN 1 THEN 'warning' ELSE 'healthy' END;

-- 0 to 100. error_rate in percent, response_ms in milliseconds, growth in MB per hour.
CREATE OR REPLACE MACRO performance_score(error_rate, response_ms, growth) AS
    greatest(0.0, least(100.0, 100.0 - 2.0 * error_rate - response_ms / 50.0 - growth / 10.0));

-- The latency bucket of a response time (tables/latency.sql); below a microsecond it counts as one, because ln(0) is
-- no number. Null for null.
CREATE OR REPLACE MACRO latency_bucket(ms) AS
    CASE WHEN ms IS NOT NULL THEN CAST(floor(ln(greatest(ms, 0.001)) / ln(1.02)) AS SMALLINT) END;

-- The number of the period, from 0 on, in which a moment lies, when the time from `starts` to `ends` is cut into `points`
-- equal ones. In whole numbers, because what the last digit of a fraction does would move a slot to another period; in
-- those of 128 bits where centuries of microseconds, times up to 1,000 points, need them.
CREATE OR REPLACE MACRO period_of(moment, starts, ends, points) AS
    CASE
        WHEN epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP)) < 9000000000000000 THEN
            (epoch_us(moment) - epoch_us(CAST(starts AS TIMESTAMP))) * CAST(points AS BIGINT)
            // (epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP)))
        ELSE CAST(
            CAST(epoch_us(moment) - epoch_us(CAST(starts AS TIMESTAMP)) AS HUGEINT) * CAST(points AS HUGEINT)
            // CAST(epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP)) AS HUGEINT) AS BIGINT
        )
    END;

-- When period i begins: the first whole microsecond that lies in it. Whole lengths and their rest by themselves: the
-- product of both would be too large for centuries.
CREATE OR REPLACE MACRO period_start(i, starts, ends, points) AS
    CAST(starts AS TIMESTAMP) + to_microseconds(
        (epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP))) // CAST(points AS BIGINT) * i
        + (
            (epoch_us(CAST(ends AS TIMESTAMP)) - epoch_us(CAST(starts AS TIMESTAMP))) % CAST(points AS BIGINT) * i
            + CAST(points AS BIGINT) - 1
        ) // CAST(points AS BIGINT)
    );

-- 2xx for 200 to 299, and so on. Null for null.
CREATE OR REPLACE MACRO status_class(status) AS CAST(status // 100 AS VARCHAR) || 'xx';

-- Application performance index, 0 to 1: satisfied answers count whole, tolerated ones half. Null where none was timed.
-- Source: the Apdex Alliance's Technical Specification 1.1; satisfied up to T, tolerated up to 4 T.
CREATE OR REPLACE MACRO apdex(satisfied, tolerated, timed) AS (satisfied + tolerated / 2.0) / nullif(timed, 0);

-- Response time in milliseconds at the middle of a latency bucket (tables/latency.sql).
CREATE OR REPLACE MACRO bucket_ms(bucket) AS exp((bucket + 0.5) * ln(1.02));

-- The last latency bucket whose middle is not above a time; for a constant, this is one comparison per bucket.
CREATE OR REPLACE MACRO last_bucket(ms) AS ln(ms) / ln(1.02) - 0.5;

-- Epoch milliseconds of a UTC timestamp.
CREATE OR REPLACE MACRO epoch_millis(t) AS CAST(epoch_ms(t) AS BIGINT);
