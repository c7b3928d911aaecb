-- The five most frequent messages of entries at level error in the window; of equals, the first by text.
-- Parameters: the columns of endpoints/window.sql. At most five rows.
SELECT
    e.message,
    CAST(sum(e.entries) AS BIGINT) AS count
FROM errors AS e
WHERE e.date BETWEEN CAST($window_start AS DATE) AND CAST($window_end AS DATE)
    AND e.grain = $grain AND e.slot >= $window_start AND e.slot < $window_end
GROUP BY e.message
ORDER BY sum(e.entries) DESC, e.message
LIMIT 5
