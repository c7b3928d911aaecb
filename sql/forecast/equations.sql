-- Step 6 of a forecast: the normal equations of each model. Grain: series, cut and model. Reads forecast_designs.
-- `system` is what solve_linear takes: the products of the columns with each other, and with what is to be said as the
-- last of each line. On the diagonal lies the ridge's penalty of 1e-5 per hour (Hoerl and Kennard, 1970).
WITH products AS (
    SELECT
        a.series,
        a.cut,
        a.model,
        a.size,
        a.place,
        list(
            list_inner_product(a.entries, b.entries) + CASE WHEN a.place = b.place THEN 1e-5 * a.hours ELSE 0 END
            ORDER BY b.place
        ) AS line
    FROM forecast_designs AS a
    JOIN forecast_designs AS b ON b.series = a.series AND b.cut = a.cut AND b.model = a.model
    WHERE a.place <= a.size
    GROUP BY a.series, a.cut, a.model, a.size, a.place
)

SELECT p.series, p.cut, p.model, p.size, list(p.line ORDER BY p.place) AS system
FROM products AS p
GROUP BY p.series, p.cut, p.model, p.size
