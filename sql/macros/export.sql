-- What leaves the warehouse for other programs.

-- Text as a spreadsheet takes it for text: one that begins like a formula gets an apostrophe before it, because whoever
-- can write a log line could have it run.
CREATE OR REPLACE MACRO no_formula(t) AS
    CASE WHEN regexp_matches(t, '^[=+\-@\t\r\n]') THEN '''' || t ELSE t END;
