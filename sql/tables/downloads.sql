-- Rollup: which package was installed and published, how often, by what program.
-- Grain: one UTC day, package, version and family of user agents. Partitioned by the date.
-- Units: bytes in bytes. From GETs of tarballs only; publishes from PUTs.
CREATE TABLE downloads (
    day          DATE NOT NULL,
    package      VARCHAR NOT NULL,
    version      VARCHAR,          -- null where the request names none
    agent        VARCHAR NOT NULL, -- npm, yarn, pnpm, …, browser, other, unknown
    downloads    BIGINT NOT NULL,  -- answered with the tarball (2xx) or with where it lies (3xx)
    not_modified BIGINT NOT NULL,  -- answered with 304: the client has it already
    failed       BIGINT NOT NULL,  -- answered with 4xx or 5xx
    bytes        BIGINT NOT NULL,  -- bodies of the downloads
    publishes    BIGINT NOT NULL,  -- PUTs of the package that succeeded
    last_ts      TIMESTAMP         -- the latest download; null where there was none
);
