"""The eleven figures of builds, as tables, by pandas and by DuckDB: what general engines take for the
same numbers. Reads a CSV of builds, prints JSON: by engine and number of copies the seconds of each run.

Only the tables are computed; neither charts nor JSON are made of them.
"""

import json
import sys
import time

FAILED = ("FAILURE", "ABORTED")
ENDED = ("SUCCESS", "FAILURE", "ABORTED")


def with_pandas(builds, as_of):
    import pandas as pd

    def within(days):
        return builds[(builds.finished_at > as_of - pd.Timedelta(days=days)) & (builds.finished_at <= as_of)]

    window = within(14)
    failed = window.result.isin(FAILED)
    within(1).result.value_counts()
    window.result.value_counts()
    window.groupby(["type", "result"]).size()
    window.assign(failed=failed).groupby([window.finished_at.dt.day_of_week, window.finished_at.dt.hour]).failed.agg(["size", "sum"])
    window.assign(failed=failed).groupby(window.started_at.dt.floor("15min")).failed.agg(["size", "sum"])
    window[failed].groupby(["job_name", "result"]).size().unstack(fill_value=0).sum(axis=1).nlargest(50)
    window[window.result == "FAILURE"].failing_step.value_counts()
    done = window[(window.result == "SUCCESS") & window.duration_ms.notna()].groupby("job_name").duration_ms
    done.agg(["mean"]).join(done.quantile([0.5, 0.95]).unstack()).nlargest(50, "mean")
    tested = window.dropna(subset=["smoke_test_passed_at", "functional_test_passed_at"])
    latest = tested.sort_values("finished_at").groupby("job_name").tail(1)
    (latest.functional_test_passed_at - latest.smoke_test_passed_at).nsmallest(10)
    ended = window[window.result.isin(ENDED)]
    ended.groupby([(ended.duration_ms // 60000), "result"]).size()
    all_days = within(180)
    all_days.groupby([all_days.finished_at.dt.date, "result"]).size()


QUERIES = (
    "SELECT result, count(*) FROM w WHERE finished_at > $1 - INTERVAL 1 DAY GROUP BY 1",
    "SELECT result, count(*) FROM w GROUP BY 1",
    "SELECT type, result, count(*) FROM w GROUP BY 1, 2",
    "SELECT dayofweek(finished_at), hour(finished_at), count(*), count(*) FILTER (failed) FROM w GROUP BY 1, 2",
    "SELECT time_bucket(INTERVAL 15 MINUTE, started_at), count(*), count(*) FILTER (failed) FROM w GROUP BY 1",
    "SELECT job_name, count(*) FILTER (result = 'FAILURE'), count(*) FILTER (result = 'ABORTED'), "
    "count(*) FILTER (failed) f FROM w GROUP BY 1 ORDER BY f DESC LIMIT 50",
    "SELECT failing_step, count(*) FROM w WHERE result = 'FAILURE' GROUP BY 1 ORDER BY 2 DESC",
    "SELECT job_name, avg(duration_ms) a, quantile_cont(duration_ms, [0.5, 0.95]) FROM w "
    "WHERE result = 'SUCCESS' GROUP BY 1 ORDER BY a DESC LIMIT 50",
    "SELECT job_name, arg_max(functional_test_passed_at - smoke_test_passed_at, finished_at) t FROM w "
    "WHERE functional_test_passed_at IS NOT NULL AND smoke_test_passed_at IS NOT NULL GROUP BY 1 ORDER BY t LIMIT 10",
    "SELECT duration_ms // 60000, result, count(*) FROM w WHERE result IN ('SUCCESS', 'FAILURE', 'ABORTED') GROUP BY 1, 2",
    "SELECT finished_at::DATE, result, count(*) FROM builds WHERE finished_at > $1 - INTERVAL 180 DAY GROUP BY 1, 2",
)


def with_duckdb(connection, as_of):
    for query in QUERIES:
        # The window is a filter within each query, as each figure is asked for alone.
        window = (
            "WITH w AS (SELECT *, result IN ('FAILURE', 'ABORTED') AS failed FROM builds "
            "WHERE finished_at > $1 - INTERVAL 14 DAY AND finished_at <= $1) "
        )
        connection.execute(window + query if " w " in query + " " else query, [as_of]).fetchall()


def main():
    csv, *scales = sys.argv[1:]
    import pandas as pd

    dates = ["started_at", "finished_at", "smoke_test_passed_at", "functional_test_passed_at"]
    builds = pd.read_csv(csv, parse_dates=dates)
    as_of = builds.finished_at.max()
    # Default branches alone are on the page.
    builds = builds[builds.branch_name.isin(["master", "main"]) | builds.branch_name.isna()]
    for name in ("job_name", "result", "type", "failing_step"):
        builds[name] = builds[name].astype("category")
    try:
        import duckdb
    except ImportError:
        duckdb = None
    for scale in map(int, scales):
        copies = [builds.assign(job_name=builds.job_name.astype(str) + f"-{copy}") for copy in range(scale)]
        grown = pd.concat(copies)
        grown["job_name"] = grown.job_name.astype("category")
        engines = {"pandas": lambda: with_pandas(grown, as_of)}
        if duckdb:
            connection = duckdb.connect()
            connection.execute("SET threads = 1")
            connection.execute("CREATE TABLE builds AS SELECT * FROM grown ORDER BY finished_at")
            engines["DuckDB"] = lambda: with_duckdb(connection, as_of)
        for engine, compute in engines.items():
            runs = []
            for _ in range(5):
                began = time.perf_counter()
                compute()
                runs.append(time.perf_counter() - began)
            print(json.dumps({"engine": engine, "times": scale, "builds": len(grown), "seconds": runs}), flush=True)


main()
