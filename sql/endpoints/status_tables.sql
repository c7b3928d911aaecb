-- `warehouse status`: files, entries and bytes of each table that has files. One row per table.
SELECT
    f."table" AS "table",
    CAST(sum(f.files) AS BIGINT) AS files,
    CAST(sum(f.entries) AS BIGINT) AS entries,
    CAST(sum(f.bytes) AS BIGINT) AS bytes
FROM files AS f
GROUP BY f."table"
ORDER BY f."table"
