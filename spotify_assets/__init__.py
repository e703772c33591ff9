"""A music analytics warehouse as Dagster assets."""
