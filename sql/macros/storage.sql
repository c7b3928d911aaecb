-- Classes of the objects' size, each named by the bytes that it begins with: 0, 1 KiB, 64 KiB, 1 MiB, 16 MiB, 256 MiB.
CREATE OR REPLACE MACRO size_from(bytes) AS
    CASE
        WHEN bytes < 1024 THEN CAST(0 AS BIGINT)
        WHEN bytes < 65536 THEN CAST(1024 AS BIGINT)
        WHEN bytes < 1048576 THEN CAST(65536 AS BIGINT)
        WHEN bytes < 16777216 THEN CAST(1048576 AS BIGINT)
        WHEN bytes < 268435456 THEN CAST(16777216 AS BIGINT)
        ELSE CAST(268435456 AS BIGINT)
    END;
