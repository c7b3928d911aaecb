-- `warehouse formats try`: why lines of a sample would go to quarantine, the most frequent reason first.
-- Reads conformed. At most 20 rows: a reason, its lines, and the first of them with the beginning of its text.
SELECT
    c.reason,
    count(*) AS lines,
    min(c.line) AS "firstLine",
    substr(arg_min(c.raw, c.line), 1, 200) AS "firstText"
FROM conformed AS c
WHERE c.reason IS NOT NULL
GROUP BY c.reason
ORDER BY count(*) DESC, min(c.line)
LIMIT 20
