"""From the bytes of log objects to Parquet files, rollups and counts that add up."""
