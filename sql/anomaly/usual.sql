-- Step 1 of the search for anomalies: what was usual before each row. Grain: series and row. Reads anomaly_input (series,
-- i = 1, 2, … in order of time, slot, y). Every frame ends before the row, so later rows change nothing.
-- same_hour: the same hour of the day over the 14 days that ended 12 hours before; same_kind: the same hour of weekdays, or of weekends,
-- over 28 days.
SELECT
    a.series,
    a.i,
    a.slot,
    a.y,
    a.metric,
    median(a.y) OVER same_hour AS usual,
    mad(a.y) OVER same_hour AS deviation,
    count(*) OVER same_hour AS seen,
    median(a.y) OVER same_kind AS usual_kind,
    count(*) OVER same_kind AS seen_kind,
    stddev_pop(a.y) OVER past AS spread,
    max(a.y) OVER past AS highest,
    min(a.y) OVER past AS lowest
FROM anomaly_input AS a
WINDOW
    past AS (PARTITION BY a.series ORDER BY a.i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    same_hour AS (
        PARTITION BY a.series, hour(a.slot)
        ORDER BY a.slot RANGE BETWEEN INTERVAL 14 DAYS PRECEDING AND INTERVAL 12 HOURS PRECEDING
    ),
    same_kind AS (
        PARTITION BY a.series, hour(a.slot), isodow(a.slot) > 5
        ORDER BY a.slot RANGE BETWEEN INTERVAL 28 DAYS PRECEDING AND INTERVAL 12 HOURS PRECEDING
    )
