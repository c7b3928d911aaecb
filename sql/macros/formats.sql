-- Small functions that the formats share.

-- Is a JSON value a number?
CREATE OR REPLACE MACRO is_json_number(v) AS json_type(v) IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE');

-- The text of a JSON value: a string without its quotes, anything else as JSON, null for null.
CREATE OR REPLACE MACRO json_text(v) AS v ->> '$';

-- Does JSON text that DuckDB accepted hold NaN or Infinity outside of a string? Those are not JSON.
CREATE OR REPLACE MACRO has_non_finite(t) AS
    (contains(t, 'NaN') OR contains(t, 'Infinity'))
    AND regexp_matches(regexp_replace(t, '"(?:[^"\\]|\\.)*"', '', 'g'), 'NaN|Infinity');

-- Epoch milliseconds from 1973 to 5138; what lies outside is most likely seconds or nanoseconds.
CREATE OR REPLACE MACRO is_epoch_ms(v) AS v BETWEEN 1e11 AND 1e14;

-- Epoch milliseconds (with a fraction) as a UTC timestamp, to the microsecond.
CREATE OR REPLACE MACRO epoch_ms_to_timestamp(v) AS make_timestamp(CAST(round(v * 1000) AS BIGINT));

-- A configuration hash with 0x in lower case; text that is no hexadecimal number stays as it is.
CREATE OR REPLACE MACRO hex_hash(v) AS
    CASE WHEN regexp_matches(v, '^(0[xX])?[0-9a-fA-F]+$') THEN '0x' || lower(regexp_replace(v, '^0[xX]', ''))
        ELSE nullif(v, '') END;

-- The four levels, from names (lower case) and the numbers of pino and bunyan; what is unknown is info.
CREATE OR REPLACE MACRO level_of(v) AS
    CASE
        WHEN v IN ('error', 'err', 'fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic', '50', '60')
            THEN 'error'
        WHEN v IN ('warn', 'warning', '40') THEN 'warn'
        WHEN v IN ('debug', 'trace', 'verbose', 'silly', '10', '20') THEN 'debug'
        ELSE 'info'
    END;
