-- A panel of a board: one figure, and the same one window earlier. One row.
-- Placeholders, which the panel fills in: source, measure, condition, earlier (the condition of the window before; false without a time).
-- previous, difference and change (percent of previous) are null where there is nothing to compare with.
SELECT
    v.value,
    v.previous,
    v.value - v.previous AS difference,
    100 * (v.value - v.previous) / nullif(abs(v.previous), 0) AS change
FROM (
    SELECT
        (SELECT measure FROM source WHERE condition) AS value,
        (SELECT CASE WHEN count(*) > 0 THEN measure END FROM source WHERE earlier) AS previous
) AS v
