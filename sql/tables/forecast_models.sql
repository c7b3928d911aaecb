-- How each forecast came about, and how well its model did in the backtest.
-- Grain: one forecast (issued and metric) and model. Partitioned by the UTC date of issued.
CREATE TABLE forecast_models (
    issued     TIMESTAMP NOT NULL,
    metric     VARCHAR NOT NULL,
    model      VARCHAR NOT NULL,    -- ensemble, linear or same-hour-yesterday (to compare with)
    version    VARCHAR NOT NULL,
    entries    BIGINT NOT NULL,     -- log entries of the history
    hours      BIGINT NOT NULL,     -- length of the history
    gaps       BIGINT NOT NULL,     -- hours of it that were filled in
    spikes     BIGINT NOT NULL,     -- hours of it that were smoothed
    members    VARCHAR[] NOT NULL,  -- the models that take part, and their mean share in percent
    shares     DOUBLE[] NOT NULL,
    slope      DOUBLE,              -- of the straight line, per hour, and how much of the variance it explains
    r2         DOUBLE,
    tested     BIGINT NOT NULL,     -- hours of the backtest
    mase       DOUBLE,              -- errors of the backtest (sql/forecast/backtest.sql)
    smape      DOUBLE,
    coverage80 DOUBLE,
    coverage95 DOUBLE,
    reason     VARCHAR NOT NULL     -- what was done, in words
);
