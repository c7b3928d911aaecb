-- Step 4 of a forecast: from which hours on is forecast. Grain: series and origin; from the end of the history
-- (cut 0), and for the backtest from hours within the part that was held out. Reads forecast_samples. Parameter: $spacing
-- (hours between the origins of a backtest; fewer where little is held out).
SELECT
    s.series,
    s.cut,
    CAST(unnest(
        CASE
            WHEN s.cut = 0 THEN [s.n]
            ELSE range(s.m, s.n, greatest(1, least($spacing, s.cut // 7)))
        END
    ) AS INTEGER) AS origin
FROM forecast_samples AS s
