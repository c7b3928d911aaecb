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

-- One figure by its name, from sums of a window; null where no entry tells it. hours: length of the window.
CREATE OR REPLACE MACRO figure(
    name, hours, entries, errors, warnings, timed, response_ns, requests, server_errors, p50, p95, p99, apdex, bytes
) AS
    CASE name
        WHEN 'totalLogs' THEN CAST(entries AS DOUBLE)
        WHEN 'throughput' THEN entries / (hours * 60.0)
        WHEN 'storageGrowth' THEN megabytes(bytes) / hours
        WHEN 'errorRate' THEN 100.0 * errors / nullif(entries, 0)
        WHEN 'warnRate' THEN 100.0 * warnings / nullif(entries, 0)
        WHEN 'responseTimeCoverage' THEN 100.0 * timed / nullif(entries, 0)
        WHEN 'availability' THEN 100.0 - 100.0 * server_errors / nullif(requests, 0)
        WHEN 'avgResponseTime' THEN CAST(response_ns AS DOUBLE) / 1e6 / nullif(timed, 0)
        WHEN 'p50ResponseTime' THEN p50
        WHEN 'p95ResponseTime' THEN p95
        WHEN 'p99ResponseTime' THEN p99
        WHEN 'apdex' THEN apdex
        WHEN 'systemHealth' THEN CASE
            WHEN entries > 0 THEN health_level(percentage(errors, entries), mean_ms(response_ns, timed))
        END
        WHEN 'performanceScore' THEN CASE
            WHEN entries > 0 THEN performance_score(
                percentage(errors, entries), mean_ms(response_ns, timed), megabytes(bytes) / hours
            )
        END
    END;
