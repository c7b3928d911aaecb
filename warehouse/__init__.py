"""R2 Warehouse: log objects of an R2 bucket as partitioned Parquet, read through DuckDB views.

`warehouse` moves data and runs the SQL in `sql/`; `api` serves its results over HTTP.
"""

__version__ = "0.1.0"
