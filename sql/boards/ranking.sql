-- A panel of a board: categories by a figure, the largest first. Grain: category.
-- Parameters: $limit (categories that are named), $others (are the others summed up in a last row, which only sums and counts allow?).
-- Placeholders, which the panel fills in: source, measure, category, condition. share: percent of the sum over all categories.
WITH found AS (
    SELECT category AS name, measure AS value
    FROM source
    WHERE condition
    GROUP BY category
),

ranked AS (
    SELECT f.name, f.value, row_number() OVER (ORDER BY f.value DESC, f.name) AS place
    FROM found AS f
    WHERE f.value IS NOT NULL
),

named AS (
    SELECT
        CASE WHEN r.place <= $limit THEN r.name ELSE 'others' END AS name,
        sum(r.value) AS value,
        min(r.place) AS place
    FROM ranked AS r
    WHERE r.place <= $limit OR $others
    GROUP BY CASE WHEN r.place <= $limit THEN r.name ELSE 'others' END, r.place <= $limit
)

SELECT n.name, n.value, 100 * n.value / nullif((SELECT sum(a.value) FROM ranked AS a), 0) AS share
FROM named AS n
ORDER BY n.place
