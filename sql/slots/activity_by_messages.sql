-- What endpoints/top_error_messages.sql counts where one filter is set: templates (macros/errors.sql) by dimension.
-- Grain: that of tables/error_templates.sql, which `grain` tells. ts is the slot's start; other filters are null.
CREATE OR REPLACE VIEW activity_by_messages AS
SELECT
    t.date, t.grain, t.slot AS ts, t.template AS message, t.entries, t.dimension, t.value,
    NULL AS source, NULL AS package, NULL AS status, NULL AS config_hash
FROM error_templates AS t;
