-- What leaves the warehouse for other programs.

-- Text as a spreadsheet takes it for text: one that begins like a formula gets an apostrophe before it, because whoever
-- can write a log line could have it run. Blanks before the formula are dropped by some, and the wide forms of East Asian
-- keyboards count as the narrow ones.
CREATE OR REPLACE MACRO no_formula(t) AS
    CASE
        WHEN regexp_matches(t, '^(?:[\t\r\n]|[\s\v\x1c-\x1f\x{85}\p{Z}\x{200b}\x{feff}]*[=+\-@＝＋－＠])') THEN '''' || t
        ELSE t
    END;
