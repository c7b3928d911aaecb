-- Comparisons of alert rules.

-- Does a value go beyond a rule's threshold? Null where there is no value.
CREATE OR REPLACE MACRO breaches(value, operator, threshold) AS
    CASE operator
        WHEN '>' THEN value > threshold
        WHEN '>=' THEN value >= threshold
        WHEN '<' THEN value < threshold
        WHEN '<=' THEN value <= threshold
        WHEN '==' THEN value = threshold
        WHEN '!=' THEN value <> threshold
    END;

-- One figure by its name, from sums of a window; null where no entry tells it. hours: length of the window. error_rate
-- (percent), response_ms and growth (MB per hour) are told apart, not by macros in here: those are bound many times over.
CREATE OR REPLACE MACRO figure(
    name, hours, entries, errors, warnings, timed, requests, server_errors, p50, p95, p99, apdex, error_rate, response_ms,
    growth
) AS
    CASE name
        WHEN 'totalLogs' THEN CAST(entries AS DOUBLE)
        WHEN 'throughput' THEN entries / (hours * 60.0)
        WHEN 'storageGrowth' THEN growth
        WHEN 'errorRate' THEN 100.0 * errors / nullif(entries, 0)
        WHEN 'warnRate' THEN 100.0 * warnings / nullif(entries, 0)
        WHEN 'responseTimeCoverage' THEN 100.0 * timed / nullif(entries, 0)
        WHEN 'availability' THEN 100.0 - 100.0 * server_errors / nullif(requests, 0)
        WHEN 'avgResponseTime' THEN CASE WHEN timed > 0 THEN response_ms END
        WHEN 'p50ResponseTime' THEN p50
        WHEN 'p95ResponseTime' THEN p95
        WHEN 'p99ResponseTime' THEN p99
        WHEN 'apdex' THEN apdex
        WHEN 'systemHealth' THEN CASE
            WHEN entries > 0 THEN health_level(error_rate, response_ms)
        END
        WHEN 'performanceScore' THEN CASE
            WHEN entries > 0 THEN performance_score(error_rate, response_ms, growth)
        END
    END;
