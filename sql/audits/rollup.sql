-- How many rows of a rollup are not what its log rows give: there must be none.
-- Reads held (the rollup as it is) and rebuilt (the same partition made anew). Grain: one row; missing rows are
-- in rebuilt only, surplus rows in held only (a row with another amount counts once in each).
SELECT
    (SELECT count(*) FROM (SELECT * FROM rebuilt EXCEPT ALL SELECT * FROM held) AS m) AS missing,
    (SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM rebuilt) AS s) AS surplus
