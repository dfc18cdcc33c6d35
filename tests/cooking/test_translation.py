"""Statements in DuckDB's SQL as Spark is given them."""

import pytest

spark_engine = pytest.importorskip("irclient.cooking.engines.spark_engine")


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        (
            r"select unnest(regexp_extract_all(lower(a), '[\p{L}\p{N}]+')) as word from t",
            r"SELECT EXPLODE(REGEXP_EXTRACT_ALL(LOWER(a), '[\\p{L}\\p{N}]+', 0)) AS word FROM t",
        ),
        (
            r"select regexp_extract(url, '([^/]*)[.][^./]*$', 1) as name from t",
            r"SELECT REGEXP_EXTRACT(url, '([^/]*)[.][^./]*$') AS name FROM t",
        ),
        (
            r"select 1 as n from t where regexp_matches(trim(a), '^[0-9]\z')",
            r"SELECT 1 AS n FROM t WHERE TRIM(a) RLIKE '^[0-9]\\z'",
        ),
        (
            "select a from t order by a desc, b",
            "SELECT a FROM t ORDER BY a DESC, b NULLS LAST",
        ),
        (
            "select try_cast(a as timestamptz) as b, try_cast(a as double) as c from t",
            "SELECT TRY_CAST(a AS TIMESTAMP) AS b, TRY_CAST(a AS DOUBLE) AS c FROM t",
        ),
        (
            "select concat('it''s ', a) as b, cast(null as varchar(1)) as c from t",
            r"SELECT CONCAT('it\'s ', COALESCE(a, '')) AS b, CAST(NULL AS STRING) AS c FROM t",
        ),
        (
            "select pow(2.0, a) as b, sum(least(n, 5) * 1.0) as c from t",
            "SELECT POWER(2.0, a) AS b, SUM(LEAST(n, 5) * 1.0) AS c FROM t",
        ),
    ],
)
def test_what_the_dialects_spell_differently_is_translated(duckdb, spark):
    assert spark_engine.translated(duckdb) == spark
