-- Formulas that several endpoints share; the definitions are the contract's.

-- Share in percent: null, or 0, where there is nothing to share.
CREATE OR REPLACE MACRO percentage_or_null(part, whole) AS 100.0 * part / nullif(whole, 0);
CREATE OR REPLACE MACRO percentage(part, whole) AS coalesce(percentage_or_null(part, whole), 0);

-- A BIGINT as many times as the weight of its row says, at most 9e18: a product beyond a BIGINT would end the sync.
CREATE OR REPLACE MACRO weighted(v, weight) AS
    CASE WHEN v IS NOT NULL THEN least(v, CAST(9e18 / weight AS BIGINT)) * weight END;

-- The same in nanoseconds for milliseconds of at most a day, which need no look at the product up to this weight.
CREATE OR REPLACE MACRO weighted_ns(ms, weight) AS
    CASE WHEN weight <= 100000 THEN CAST(round(ms * 1000000) AS BIGINT) * weight
        ELSE weighted(CAST(round(ms * 1000000) AS BIGINT), weight) END;

-- Mean in milliseconds from a sum in nanoseconds: null, or 0, where nothing was timed.
CREATE OR REPLACE MACRO mean_ms_or_null(response_ns, timed) AS CAST(response_ns AS DOUBLE) / 1e6 / nullif(timed, 0);
CREATE OR REPLACE MACRO mean_ms(response_ns, timed) AS coalesce(mean_ms_or_null(response_ns, timed), 0);

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
-- equal ones. In whole milliseconds, because what the last digit of a fraction does would move a slot to another period;
-- in microseconds centuries would need numbers of 128 bits. Few operators: to bind one takes longer than to compute it.
CREATE OR REPLACE MACRO period_of(moment, starts, ends, points) AS
    (epoch_ms(moment) - epoch_ms(CAST(starts AS TIMESTAMP))) * points
        // (epoch_ms(CAST(ends AS TIMESTAMP)) - epoch_ms(CAST(starts AS TIMESTAMP)));

-- When period i begins: the first whole millisecond that lies in it.
CREATE OR REPLACE MACRO period_start(i, starts, ends, points) AS
    make_timestamp_ms(
        epoch_ms(CAST(starts AS TIMESTAMP))
        + (i * (epoch_ms(CAST(ends AS TIMESTAMP)) - epoch_ms(CAST(starts AS TIMESTAMP))) + points - 1) // points
    );

-- 2xx for 200 to 299, and so on. Null for null.
CREATE OR REPLACE MACRO status_class(status) AS CAST(status // 100 AS VARCHAR) || 'xx';

-- Application performance index, 0 to 1: answers within T count whole, those within 4 T (`within_4t` counts both) half.
-- Null where none was timed. Source: the Apdex Alliance's Technical Specification 1.1.
CREATE OR REPLACE MACRO apdex(within_t, within_4t, timed) AS (within_t + within_4t) / nullif(2.0 * timed, 0);

-- Response time in milliseconds at the middle of a latency bucket (tables/latency.sql).
CREATE OR REPLACE MACRO bucket_ms(bucket) AS pow(1.02, bucket + 0.5);

-- The last latency bucket whose middle is not above a time; for a constant, this is one comparison per bucket.
CREATE OR REPLACE MACRO last_bucket(ms) AS ln(ms) / ln(1.02) - 0.5;

-- Epoch milliseconds of a UTC timestamp.
CREATE OR REPLACE MACRO epoch_millis(t) AS CAST(epoch_ms(t) AS BIGINT);
