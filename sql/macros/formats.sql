-- Small functions that the formats share.

-- What kind of value is a JSON text? Its first character tells, once it is known to be JSON, and telling
-- by it is several times faster than by json_type. 45 to 57 are the minus sign and the digits.
CREATE OR REPLACE MACRO is_json_number(v) AS ascii(CAST(v AS VARCHAR)) BETWEEN 45 AND 57;
CREATE OR REPLACE MACRO is_json_object(v) AS coalesce(starts_with(ltrim(CAST(v AS VARCHAR), E' \t\r\n'), '{'), false);
CREATE OR REPLACE MACRO is_json_null(v) AS v IS NULL OR CAST(v AS VARCHAR) = 'null';

-- The kind of a JSON value in words; DuckDB tells apart how it keeps numbers.
CREATE OR REPLACE MACRO json_kind(v) AS
    CASE json_type(v) WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' WHEN 'VARCHAR' THEN 'a text'
        WHEN 'BOOLEAN' THEN 'true or false' WHEN 'NULL' THEN 'null' ELSE 'a number' END;

-- Does JSON text that DuckDB accepted (and wrote without blanks) hold NaN or Infinity outside of a string? Those
-- are not JSON; DuckDB takes them in any case, inf and nan too. Most texts have nothing that looks alike where a
-- value begins; only for the others are the strings taken out.
CREATE OR REPLACE MACRO has_non_finite(t) AS
    CASE
        WHEN regexp_matches(t, '[:,\[]-?(?:[nN][aA]|[iI][nN])')
            THEN regexp_matches(regexp_replace(t, '"(?:[^"\\]|\\.)*"', '', 'g'), '[nN][aA][nN]|[iI][nN][fF]')
        ELSE false
    END;

-- Has a text that DuckDB accepts as JSON a comma right before a bracket that closes? That is no JSON. Only of texts in
-- which it looks so are the strings taken out.
CREATE OR REPLACE MACRO looks_like_trailing_comma(t) AS regexp_matches(t, ',[ \t\r\n]*[}\]]');
CREATE OR REPLACE MACRO has_trailing_comma(t) AS
    CASE
        WHEN looks_like_trailing_comma(t) THEN looks_like_trailing_comma(regexp_replace(t, '"(?:[^"\\]|\\.)*"', '""', 'g'))
        ELSE false
    END;

-- Epoch milliseconds from 1973 to 5138; what lies outside is most likely seconds or nanoseconds.
CREATE OR REPLACE MACRO is_epoch_ms(v) AS v BETWEEN 1e11 AND 1e14;

-- Epoch milliseconds (with a fraction) as a UTC timestamp, to the microsecond.
CREATE OR REPLACE MACRO epoch_ms_to_timestamp(v) AS make_timestamp(CAST(round(v * 1000) AS BIGINT));

-- A configuration hash with 0x in lower case; text that is no hexadecimal number stays as it is.
CREATE OR REPLACE MACRO hex_hash(v) AS
    CASE WHEN regexp_matches(v, '^(0[xX])?[0-9a-fA-F]+$') THEN '0x' || lower(regexp_replace(v, '^0[xX]', ''))
        ELSE nullif(v, '') END;

-- The four levels, from names (lower case) and the numbers of pino and bunyan; what is unknown is info.
-- list_contains, because DuckDB turns a long IN into a join, which copies every other column of the rows.
CREATE OR REPLACE MACRO level_of(v) AS
    CASE
        WHEN v = 'info' THEN 'info'
        WHEN list_contains(['error', 'err', 'fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', '50',
            '60'], v) THEN 'error'
        WHEN v IN ('warn', 'warning', '40') THEN 'warn'
        WHEN list_contains(['debug', 'trace', 'verbose', 'silly', '10', '20'], v) THEN 'debug'
        ELSE 'info'
    END;
