-- The alert rules that are built in; the contract fixes them.
-- Grain: one rule. Units of threshold: percent, MB per hour, ms, and health (0 healthy, 1 warning, 2 critical).
-- A rule fires when its condition's value is above the threshold; inclusive ones fire at the threshold too.
CREATE OR REPLACE VIEW alert_rules AS
SELECT r.id, r.name, r.condition, r.threshold, r.inclusive, r.severity, r.enabled
FROM (
    VALUES
        ('high-error-rate', 'High Error Rate', 'errorRate', 10.0, false, 'critical', true),
        ('storage-growth', 'Rapid Storage Growth', 'storageGrowth', 100.0, false, 'warning', true),
        ('slow-response', 'Slow Response Time', 'avgResponseTime', 1000.0, false, 'warning', true),
        ('system-health', 'System Health Degradation', 'systemHealth', 1.0, true, 'critical', true)
) AS r (id, name, condition, threshold, inclusive, severity, enabled);
