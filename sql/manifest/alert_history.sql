-- GET /analytics/alerts/history: what became of the alert rules, the newest first. Of the manifest, by SQLite.
-- Parameters: $rule (its id; null: all), $before (the number of an event, whose predecessors are meant; null: the latest), $limit.
-- Units: times in epoch microseconds.
SELECT
    e.id,
    e.at_us,
    e.rule_id,
    e.name,
    e.title,
    e.event,
    e.value,
    e.condition,
    e.operator,
    e.threshold,
    e.severity,
    e.window_start_us,
    e.window_end_us,
    e.query,
    e.notified
FROM alert_events AS e
WHERE ($rule IS NULL OR e.rule_id = $rule) AND ($before IS NULL OR e.id < $before)
ORDER BY e.id DESC
LIMIT $limit
