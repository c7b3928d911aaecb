-- A panel of a board: rows as they are. Parameter: $limit.
-- Placeholders, which the panel fills in: fields, source, condition, ordering.
SELECT fields
FROM source
WHERE condition
ORDER BY ordering
LIMIT $limit
