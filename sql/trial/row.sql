-- `warehouse formats try`: one line of a sample as it would be read: its log row, or the reason against it.
-- Parameter: $line (null: the first line that is a log row, or else the first line). Reads conformed. At most one row.
SELECT c.*
FROM conformed AS c
WHERE c.line > 0 AND ($line IS NULL OR c.line = $line)
ORDER BY c.reason IS NOT NULL, c.line
LIMIT 1
