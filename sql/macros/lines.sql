-- What the formats of log lines share: times in every usual form, numbers that may be quoted, packages in paths.
-- The arguments named t are texts of JSON values or of fields, null where the line has none.

-- Epoch microseconds as a UTC timestamp; null for what is none, because DuckDB may compute a branch not taken.
CREATE OR REPLACE MACRO micros_to_timestamp(v) AS
    CASE WHEN v BETWEEN 0 AND 1e17 THEN TRY(make_timestamp(TRY_CAST(v AS BIGINT))) END;

-- Microseconds of a number of seconds, a DECIMAL(18, 6): its whole part and its fraction each fit their type.
CREATE OR REPLACE MACRO micros_of_seconds(d) AS
    CAST(floor(d) AS BIGINT) * 1000000 + CAST(round(CAST(d - floor(d) AS DOUBLE) * 1e6) AS BIGINT);

-- A moment as a UTC timestamp, null for what is none from 1973 to 5138: unix seconds, milliseconds, microseconds or
-- nanoseconds (told apart by their size, whole or with a fraction, quoted or not), RFC 3339, or the form of access
-- logs (10/Oct/2000:13:55:36 -0700), also in brackets. Without an offset it is UTC. Nanoseconds are cut to microseconds.
CREATE OR REPLACE MACRO time_of(t) AS
    CASE
        WHEN regexp_full_match(t, '[0-9]{9,19}') THEN
            CASE
                WHEN TRY_CAST(t AS HUGEINT) BETWEEN 100000000 AND 99999999999
                    THEN micros_to_timestamp(TRY_CAST(t AS HUGEINT) * 1000000)
                WHEN TRY_CAST(t AS HUGEINT) BETWEEN 100000000000 AND 99999999999999
                    THEN micros_to_timestamp(TRY_CAST(t AS HUGEINT) * 1000)
                WHEN TRY_CAST(t AS HUGEINT) BETWEEN 100000000000000 AND 99999999999999999
                    THEN micros_to_timestamp(TRY_CAST(t AS HUGEINT))
                WHEN TRY_CAST(t AS HUGEINT) <= 9223372036854775807
                    AND TRY_CAST(t AS HUGEINT) >= 100000000000000000
                    THEN micros_to_timestamp(TRY_CAST(t AS HUGEINT) // 1000)
            END
        WHEN regexp_full_match(t, '[0-9]+(\.[0-9]+)?([eE]\+?[0-9]+)?') THEN
            CASE
                -- A DOUBLE does not hold a moment in seconds to the microsecond.
                WHEN TRY_CAST(t AS DOUBLE) BETWEEN 1e8 AND 1e11
                    THEN micros_to_timestamp(micros_of_seconds(TRY_CAST(t AS DECIMAL(18, 6))))
                WHEN TRY_CAST(t AS DOUBLE) BETWEEN 1e11 AND 1e14
                    THEN micros_to_timestamp(round(TRY_CAST(t AS DOUBLE) * 1e3))
                WHEN TRY_CAST(t AS DOUBLE) BETWEEN 1e14 AND 1e17
                    THEN micros_to_timestamp(round(TRY_CAST(t AS DOUBLE)))
                WHEN TRY_CAST(t AS DOUBLE) BETWEEN 1e17 AND 9.2e18
                    THEN micros_to_timestamp(floor(TRY_CAST(t AS DOUBLE) / 1e3))
            END
        WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[zZ]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?')
            AND t >= '1973-03-04' AND t < '5138'
            THEN make_timestamp(epoch_us(TRY_CAST(
                regexp_replace(replace(replace(upper(t), ',', '.'), ' Z', 'Z'), '^(.{16})($|[Z+-])', '\1:00\2') AS TIMESTAMPTZ)))
        WHEN regexp_full_match(t, '[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}')
            AND substr(t, 8, 4) BETWEEN '1974' AND '5137'
            THEN make_timestamp(epoch_us(try_strptime(t, '%d/%b/%Y:%H:%M:%S %z')))
        -- Apache's %t has the brackets. Of what has an offset the one that is put behind it is cut off.
        WHEN regexp_full_match(t, '\[?[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}( [+-][0-9]{4})?\]?')
            AND substr(trim(t, '[]'), 8, 4) BETWEEN '1974' AND '5137'
            THEN make_timestamp(epoch_us(try_strptime(substr(trim(t, '[]') || ' +0000', 1, 26), '%d/%b/%Y:%H:%M:%S %z')))
    END;

-- Why a JSON line cannot be a log row, null where it can: raw text, the splitter's fault, the parsed line, its text.
CREATE OR REPLACE MACRO json_line_fault(raw, fault, entry, entry_text) AS
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN NOT regexp_matches(raw, '[^ \t\r\n]') THEN 'blank line'
        WHEN entry IS NULL THEN 'not valid JSON'
        WHEN NOT is_json_object(entry) THEN 'not a JSON object but ' || json_kind(entry)
        WHEN has_non_finite(entry_text) THEN 'not valid JSON: NaN or Infinity'
        -- A line that DuckDB writes as it stands has none.
        WHEN NOT starts_with(raw, entry_text) AND has_trailing_comma(raw) THEN 'not valid JSON: a comma before a closing bracket'
    END;

-- Why a line has no time, null where it has one: the field's name, its text, and what time_of made of it.
CREATE OR REPLACE MACRO time_fault(field, t, ts) AS
    CASE
        WHEN ts IS NOT NULL THEN NULL
        WHEN t IS NULL THEN field || ' is missing'
        ELSE field || ' is no time from 1973 to 5138: ' || substr(t, 1, 100)
    END;

-- An HTTP status, 100 to 599.
CREATE OR REPLACE MACRO status_of(t) AS
    CASE WHEN TRY_CAST(t AS DOUBLE) BETWEEN 100 AND 599 THEN CAST(floor(TRY_CAST(t AS DOUBLE)) AS SMALLINT) END;

-- A size in bytes, from 0.
CREATE OR REPLACE MACRO bytes_of(t) AS CASE WHEN TRY_CAST(t AS BIGINT) >= 0 THEN TRY_CAST(t AS BIGINT) END;

-- A duration in milliseconds from a text in another unit, of which one is `ms` milliseconds; null beyond a day.
CREATE OR REPLACE MACRO duration_of(t, ms) AS
    CASE WHEN TRY_CAST(t AS DOUBLE) * ms BETWEEN 0 AND 86400000 THEN TRY_CAST(t AS DOUBLE) * ms END;

-- How many entries a line stands for, 1 to 1,000,000; else what the prefix's rule says.
CREATE OR REPLACE MACRO weight_of(t, fallback) AS
    CASE WHEN TRY_CAST(t AS DOUBLE) BETWEEN 1 AND 1000000 THEN CAST(round(TRY_CAST(t AS DOUBLE)) AS INTEGER)
        ELSE fallback END;

-- Why a line's weight cannot be told, null where it can: the field's name and its text. Nothing and 0 say nothing, so
-- that the prefix's rule holds; any other value would make one line count for too little or for all.
CREATE OR REPLACE MACRO weight_fault(field, t) AS
    CASE
        WHEN t IS NULL OR t = '' OR TRY_CAST(t AS DOUBLE) BETWEEN 1 AND 1000000 OR TRY_CAST(t AS DOUBLE) = 0 THEN NULL
        ELSE field || ' is no number from 1 to 1,000,000: ' || substr(t, 1, 100)
    END;

-- The level of an answered request: 5xx is an error, 4xx a warning; null without a status.
CREATE OR REPLACE MACRO level_of_status(status) AS
    CASE WHEN status >= 500 THEN 'error' WHEN status >= 400 THEN 'warn' WHEN status IS NOT NULL THEN 'info' END;

-- The path of a request target or URL, without host, query and fragment.
CREATE OR REPLACE MACRO path_of(t) AS
    nullif(regexp_replace(regexp_replace(t, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*', ''), '[?#].*$', ''), '');

-- Path with the two characters written out that clients of a registry escape in scoped names.
CREATE OR REPLACE MACRO registry_path(path) AS
    regexp_replace(regexp_replace(path, '%2[fF]', '/', 'g'), '%40', '@', 'g');

-- The package that a path of a registry is about, null for its other paths: NAME/-/FILE.tgz, @scope/NAME, NAME,
-- NAME/VERSION, /-/package/NAME/…. The first is told anywhere, the others from the path's beginning.
CREATE OR REPLACE MACRO package_of(path) AS
    coalesce(
        nullif(regexp_extract(registry_path(path), '(?:^|/)((?:@[^/]+/)?[^/@-][^/]*)/-/(?:@[^/]+/)?[^/]+\.tgz$', 1), ''),
        nullif(regexp_extract(registry_path(path), '^/-/package/((?:@[^/]+/)?[^/]+)/', 1), ''),
        CASE WHEN path <> '/favicon.ico'
            THEN nullif(regexp_extract(registry_path(path), '^/((?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9~][A-Za-z0-9._~-]*)(?:/[^/]+|/-rev/[^/]+)?/?$', 1), '')
        END
    );

-- The same for servers that serve other things too: tarballs and scoped names only.
CREATE OR REPLACE MACRO surely_package_of(path) AS
    CASE WHEN contains(path, '/-/') OR starts_with(registry_path(path), '/@') THEN package_of(path) END;

-- The version that a path of a registry names: that of a tarball, or NAME/VERSION.
CREATE OR REPLACE MACRO package_version_of(path) AS
    coalesce(
        nullif(regexp_extract(registry_path(path), '/-/(?:@[^/]+/)?[^/]+?-([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*)\.tgz$', 1), ''),
        nullif(regexp_extract(registry_path(path), '^/(?:@[^/]+/)?[^/@-][^/]*/([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*)$', 1), '')
    );

-- The configuration hash in an object's key; it must begin with 0x, or the dates in keys would be hashes.
CREATE OR REPLACE MACRO hash_of_key(object_key) AS
    hex_hash(nullif(regexp_extract(object_key, '/(0[xX][0-9a-fA-F]{6,64})/', 1), ''));

-- A folder whose name is a time: YYYYMM, YYYYMMDD, that with hours, minutes and seconds, or epoch (milli)seconds.
CREATE OR REPLACE MACRO time_folder() AS
    '(?:(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{2}){0,3})?|1[0-9]{9}(?:[0-9]{3})?)';

-- The registry writes its keys without 0x too: there a folder that is no time is a hash. Slashes are doubled,
-- because a match takes both of its own.
CREATE OR REPLACE MACRO hash_of_registry_key(object_key) AS
    coalesce(
        hash_of_key(object_key),
        hex_hash(nullif(regexp_extract(
            regexp_replace(replace(object_key, '/', '//'), '/' || time_folder() || '/', '/', 'g'),
            '/([0-9a-fA-F]{6,64})/', 1
        ), ''))
    );
