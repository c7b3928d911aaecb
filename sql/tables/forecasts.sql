-- What each sync expected of the hours after it.
-- Grain: one forecast (issued and metric), model and hour ahead. Partitioned by the UTC date of issued.
-- Units: those of the view hourly (entries, ms, bytes); confidence in percent.
CREATE TABLE forecasts (
    issued     TIMESTAMP NOT NULL,  -- where the history ended, UTC: the first hour ahead begins there
    metric     VARCHAR NOT NULL,    -- logs, errors, responseTime or storage
    model      VARCHAR NOT NULL,    -- ensemble or linear
    version    VARCHAR NOT NULL,    -- of the models
    ahead      SMALLINT NOT NULL,   -- 1 is the hour that begins at issued
    slot       TIMESTAMP NOT NULL,  -- start of the hour that is forecast, UTC
    value      DOUBLE NOT NULL,
    low80      DOUBLE NOT NULL,
    high80     DOUBLE NOT NULL,
    low95      DOUBLE NOT NULL,
    high95     DOUBLE NOT NULL,
    confidence DOUBLE NOT NULL      -- that the truth lies within a factor 1.2 of value
);
