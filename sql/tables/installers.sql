-- Rollup: who installs which package.
-- Grain: one UTC day, package, version, client and family of user agents with a download. Partitioned by the date.
CREATE TABLE installers (
    day       DATE NOT NULL,
    package   VARCHAR NOT NULL,
    version   VARCHAR,           -- null where the request names none
    client    VARCHAR NOT NULL,  -- the client's address
    agent     VARCHAR NOT NULL,  -- npm, yarn, pnpm, …, browser, other, unknown
    downloads BIGINT NOT NULL,
    last_ts   TIMESTAMP NOT NULL -- the latest download
);
