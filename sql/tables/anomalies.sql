-- How unusual each hour was, judged by what came before it.
-- Grain: one series (metric and subject) and slot of `grain` seconds (3600; 86400 for downloads). Partitioned by the UTC date of slot.
-- Units: those of the view hourly (entries, ms, bytes); downloads and errors in numbers.
CREATE TABLE anomalies (
    grain         INTEGER NOT NULL,
    slot          TIMESTAMP NOT NULL,  -- start of the slot, UTC
    metric        VARCHAR NOT NULL,    -- logs, errors, responseTime (mean), …Max, …Min, storage, downloads, newError or silence
    subject       VARCHAR NOT NULL,    -- the package, template or source; empty where it is everything
    value         DOUBLE NOT NULL,
    usual         DOUBLE,              -- the median of before
    expected_low  DOUBLE,
    expected_high DOUBLE,
    signal        VARCHAR NOT NULL,    -- point, shift, range, weekday, new or silence (sql/anomaly)
    score         DOUBLE NOT NULL,     -- 0 to 1; 0.5 equals the strongest before
    anomaly       BOOLEAN NOT NULL,
    since         TIMESTAMP NOT NULL,  -- since when values have been outside what was expected
    version       VARCHAR NOT NULL,    -- of the detector
    reason        VARCHAR NOT NULL
);
