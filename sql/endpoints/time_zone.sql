-- Whether a time zone is known, by the zones that queries can show times in: those of the machine may have more.
-- Parameters: $zone (IANA name). One row.
SELECT count(*) > 0 AS known
FROM pg_timezone_names() AS z
WHERE z.name = $zone
