-- The models of the ensemble, which need no data. Each is linear in earlier hours: those at its `lags`. Most are fitted by
-- ridge regression, where an hour fades by `discount` per hour; the others have `coefficients` (those of the lags, then the
-- intercept) in standard units, so that 0 is the mean of the last two weeks. One that `carries` adds its last error,
-- fading, to what it says. It takes part from `least` to before `most` hours of history, not counting those on which
-- it is tried.
SELECT * FROM (VALUES
    ('last-hour', [1], 1.0, [1.0, 0.0], false, 1, 96),
    ('usual-hour', [1], 1.0, [0.0, 0.0], false, 1, 96),
    ('same-hour-yesterday', [24], 1.0, [1.0, 0.0], false, 25, 1000000),
    ('same-hour-last-week', [168], 1.0, [1.0, 0.0], false, 169, 1000000),
    ('seasonal-day', [24, 48], 0.995, NULL, true, 96, 1000000),
    ('seasonal-week', [24, 48, 168], 0.995, NULL, true, 216, 1000000),
    ('seasonal-fortnight', [24, 48, 168, 336], 0.995, NULL, true, 384, 1000000),
    ('autoregression-short', [1, 2, 3, 23, 24, 25, 47, 48, 49], 1.0, NULL, false, 109, 308),
    (
        'autoregression',
        [1, 2, 3, 22, 23, 24, 25, 26, 27, 47, 48, 49, 71, 72, 73, 96, 120, 144, 145, 167, 168, 169, 192],
        1.0, NULL, false, 308, 1000000
    )
) AS models (model, lags, discount, coefficients, carries, least, most)
