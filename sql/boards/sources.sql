-- GET /boards/sources: what panels can be made from: every table and view of the warehouse. Grain: column, in the tables' order.
SELECT c.table_name AS source, c.column_name AS name, c.data_type AS type
FROM duckdb_columns() AS c
WHERE NOT c.internal AND c.schema_name = 'main' AND c.database_name <> 'temp'
ORDER BY c.table_name, c.column_index
