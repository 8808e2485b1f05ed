"""Compares statistics of the dashboard with those of other programs: make test-proofs.

The only argument is the program that is built from compute.rs. Made-up numbers come from a fixed seed.
"""

import json
import math
import subprocess
import sys
import warnings
from bisect import bisect_left
from datetime import datetime

import numpy as np
from lifelines import KaplanMeierFitter
from otava.analysis import TTestSignificanceTester, compute_change_points
from scipy.special import betaln
from scipy.stats import binom, false_discovery_control, fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

PROGRAM = sys.argv[1]
TOLERANCE = 1e-9
WINDOW, MAX_P, MIN_MAGNITUDE = 50, 0.001, 0.10
# The builds that a change of durations lasts, at least.
MIN_COUNT = 5
MADE_UP_SERIES = 200
SAMPLE_SERIES = 50
# Pipelines with fewer builds seldom change.
MIN_SAMPLE_BUILDS = 100
# A planted change is found by one that is at most so many builds from it.
NEAR = 5


def compute(cases):
    """Returns the dashboard's results."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{PROGRAM} failed: {done.stderr}")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(cases), f"{len(results)} results of {len(cases)} cases"
    return results


def same(found, expected, what):
    """Fails unless both are the same, numbers up to the tolerance."""
    if isinstance(expected, (list, tuple)):
        assert isinstance(found, list) and len(found) == len(expected), f"{what}: {found}, not {expected}"
        for place, (one, other) in enumerate(zip(found, expected)):
            same(one, other, f"{what}, {place}")
    elif isinstance(expected, float):
        close = found is not None and math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        assert close, f"{what}: {found!r}, not {expected!r}"
    else:
        assert found == expected, f"{what}: {found!r}, not {expected!r}"


def closely(found, expected, what):
    """Fails unless both are the same, also where they are far below the tolerance."""
    close = math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=1e-290)
    assert close, f"{what}: {found!r}, not {expected!r}"


def made_up_durations(random):
    """Series of durations in ms: of one to five levels, with noise of several kinds, of 0 to 500 values."""
    for number in range(MADE_UP_SERIES):
        length = int(random.integers(2, 501)) if number > 2 else number
        cuts = sorted(random.integers(0, length + 1, size=int(random.integers(0, 5))))
        values = np.empty(length)
        for start, end in zip([0, *cuts], [*cuts, length]):
            level = random.uniform(60_000, 3_600_000)
            noise = level * random.choice([0.0, 0.01, 0.1, 0.4])
            draw = random.normal if number % 2 else random.standard_t
            size = int(end - start)
            drawn = random.normal(size=size) if draw == random.normal else random.standard_t(3, size=size)
            values[start:end] = level + noise * drawn
        values = np.abs(values)
        # Whole ms, as builds have them; some in minutes, where rounding matters.
        yield (np.round(values) if number % 4 else values / 60_000).tolist()


def otava(values):
    """Change points as Apache Otava finds them."""
    found, _ = compute_change_points(list(values), window_len=WINDOW, max_pvalue=MAX_P, min_magnitude=MIN_MAGNITUDE)
    return [(int(known.index), known.stats) for known in found]


def duration_cases(series, lasting=None):
    limits = {"window": WINDOW, "max_p": MAX_P, "min_magnitude": MIN_MAGNITUDE, "lasting": lasting}
    return [{"compute": "duration_changes", "values": values, **limits} for values in series]


def check_durations(series, least, what):
    changes = 0
    for number, (values, found) in enumerate(zip(series, compute(duration_cases(series)))):
        expected = otava(values)
        name = f"{what} {number} of {len(values)} durations"
        same([known["index"] for known in found], [index for index, _ in expected], name)
        for known, (index, stats) in zip(found, expected):
            numbers = []
            for side in ("before", "after"):
                numbers += [known[side]["mean"], known[side]["deviation"]]
                # The part that the mean is said to be of.
                part = values[known[side]["start"] : known[side]["end"]]
                same(known[side]["mean"], float(np.mean(part)), f"{name}, {side}")
            mean = [float(stats.mean_1), float(stats.std_1), float(stats.mean_2), float(stats.std_2)]
            same(numbers, mean, f"{name}, change at {index}")
            closely(known["p"], float(stats.pvalue), f"{name}, p")
        changes += len(expected)
    assert changes >= least, f"only {changes} changes in {what} series"
    print(f"Otava: {changes} change points of {len(series)} {what} series")
    check_lasting(series, what)


def lasting(values):
    """The indices of Otava's change points that last, by the rule of docs/insight.md."""
    values = np.array(values)
    points = [index for index, _ in otava(values.tolist())]
    while points:
        bounds = [0, *points, len(values)]
        parts = [values[start:end] for start, end in zip(bounds, bounds[1:])]
        tests = [TTestSignificanceTester(MAX_P).compare(one, other) for one, other in zip(parts, parts[1:])]
        magnitudes = [test.change_magnitude() for test in tests]
        shortest = min(range(len(parts)), key=lambda place: len(parts[place]))
        if len(parts[shortest]) < MIN_COUNT:
            beside = [place for place in (shortest - 1, shortest) if 0 <= place < len(points)]
            drop = min(beside, key=lambda place: magnitudes[place])
        elif max(test.pvalue for test in tests) >= MAX_P / len(values):
            drop = max(range(len(tests)), key=lambda place: tests[place].pvalue)
        elif min(magnitudes) <= MIN_MAGNITUDE:
            drop = min(range(len(tests)), key=lambda place: magnitudes[place])
        else:
            break
        del points[drop]
    return points


def check_lasting(series, what):
    changes = 0
    for number, (values, found) in enumerate(zip(series, compute(duration_cases(series, MIN_COUNT)))):
        expected = lasting(values)
        same([known["index"] for known in found], expected, f"{what} {number}, changes that last")
        changes += len(expected)
    print(f"Otava: {changes} of these last")


def likelihood(failed, whole):
    return betaln(0.05 + failed, 0.5 + whole - failed) - betaln(0.05, 0.5)


def rate_changes(results):
    """LUCI's split, by its definition."""
    counts = np.concatenate([[0], np.cumsum(results)]).astype(int)

    def of(start, end):
        return likelihood(counts[end] - counts[start], end - start)

    def halves(start, index, end):
        return of(start, index) + of(index, end)

    splits = []

    def split(start, end):
        gains = [halves(start, index, end) - of(start, end) + math.log(0.0001) for index in range(start + 1, end)]
        if not gains or max(gains) <= 0:
            return
        best = max(gains)
        # The first of those that are equal up to rounding.
        index = start + 1 + next(place for place, gain in enumerate(gains) if gain >= best - 1e-11)
        split(start, index)
        splits.append((index, best))
        split(index, end)

    split(0, len(results))
    found = []
    bounds = [0, *(index for index, _ in splits), len(results)]
    for place, (index, gain) in enumerate(splits):
        start, end = bounds[place], bounds[place + 2]
        weights = np.array([halves(start, position, end) for position in range(start + 1, end)])
        weights = np.exp(weights - weights.max())
        weights /= weights.sum()
        first = start + 1 + int((np.cumsum(weights) <= 0.005).sum())
        last = end - 1 - int((np.cumsum(weights[::-1]) <= 0.005).sum())
        failed = [int(counts[index] - counts[start]), int(counts[end] - counts[index])]
        found.append((index, float(gain), first, last, failed))
    return found


def made_up_results(random):
    for number in range(MADE_UP_SERIES):
        length = int(random.integers(0, 501)) if number > 2 else number
        cuts = sorted(random.integers(0, length + 1, size=int(random.integers(0, 4))))
        parts = zip([0, *cuts], [*cuts, length])
        yield [
            bool(value)
            for start, end in parts
            for value in random.random(int(end - start)) < random.choice([0.0, 0.03, 0.2, 0.6, 1.0])
        ]


def check_rates(series, least, what):
    results = compute([{"compute": "rate_changes", "failed": failed} for failed in series])
    changes = 0
    for number, (failed, found) in enumerate(zip(series, results)):
        keys = ("index", "gain", "first", "last", "failed")
        found = [[known[key] for key in keys] for known in found]
        expected = rate_changes(failed)
        same(found, expected, f"{what} {number} of {len(failed)} results")
        changes += len(expected)
    assert changes >= least, f"only {changes} changes in {what} series"
    print(f"Bayesian split: {changes} change points of {len(series)} {what} series")


def check_times(random):
    sets = []
    for number in range(200):
        size = int(random.integers(1, 300))
        # Many are equal.
        times = random.integers(0, [20, 1000, 10**9][number % 3], size=size)
        closed = random.random(size) < random.choice([0.0, 0.3, 0.8, 1.0])
        sets.append([[int(time), bool(end)] for time, end in zip(times, closed)])
    steps = 0
    for number, (times, found) in enumerate(zip(sets, compute([{"compute": "time_to_green", "times": times} for times in sets]))):
        fitter = KaplanMeierFitter().fit([time for time, _ in times], [end for _, end in times])
        expected = {float(time): float(share) for time, share in fitter.survival_function_["KM_estimate"].items()}
        # lifelines begins at 0.
        expected.setdefault(0.0, 1.0)
        curve = dict(found["curve"])
        curve.setdefault(0, 1.0)
        name = f"time to green {number}"
        same(sorted(map(float, curve)), sorted(expected), name)
        for time, share in curve.items():
            same(share, expected[float(time)], f"{name}, {time}")
        for key, share in (("median", 0.5), ("p90", 0.1)):
            times_reached = [time for time, red in sorted(expected.items()) if red <= share + TOLERANCE]
            same(found[key], int(times_reached[0]) if times_reached else None, f"{name}, {key}")
        steps += len(curve)
    print(f"lifelines: {steps} steps of {len(sets)} survival curves")


def check_intervals(random):
    rates = [(int(part), int(whole)) for whole in random.integers(1, 2000, size=500) for part in [random.integers(0, whole + 1)]]
    rates += [(part, whole) for whole in range(1, 12) for part in range(whole + 1)]
    found = compute([{"compute": "wilson", "part": part, "whole": whole} for part, whole in rates])
    for (part, whole), interval in zip(rates, found):
        expected = proportion_confint(part, whole, alpha=0.05, method="wilson")
        # statsmodels does not clip what rounding moves beyond 0 or 1.
        expected = [min(max(float(bound), 0.0), 1.0) for bound in expected]
        same(interval, expected, f"Wilson, {part} of {whole}")
    pairs = [(rates[place], rates[-1 - place]) for place in range(len(rates))]
    found = compute([{"compute": "newcombe", "a": a, "b": b} for a, b in pairs])
    for (a, b), interval in zip(pairs, found):
        expected = confint_proportions_2indep(*a, *b, compare="diff", method="newcomb", alpha=0.05)
        same(interval, [float(bound) for bound in expected], f"Newcombe, {a} and {b}")
    print(f"statsmodels: {len(rates)} intervals of rates, {len(pairs)} of differences")


def check_tests(random):
    tails = []
    for _ in range(1000):
        trials = int(random.integers(1, 5000))
        p = float(10 ** random.uniform(-6, 0))
        near = random.normal(trials * p, 4 * math.sqrt(trials * p * (1 - p)) + 2)
        tails.append((int(np.clip(near, 0, trials)), trials, p))
    cases = [{"compute": "binomial_tail", "least": least, "trials": trials, "p": p} for least, trials, p in tails]
    for (least, trials, p), found in zip(tails, compute(cases)):
        # The probability of more than one less.
        closely(found, float(binom.sf(least - 1, trials, p)), f"{least} of {trials} at {p}")
    tables = [random.integers(0, most, size=(2, 2)).tolist() for most in [4, 20, 300, 3000] for _ in range(250)]
    for table, found in zip(tables, compute([{"compute": "fisher", "table": table} for table in tables])):
        closely(found, float(fisher_exact(table).pvalue), f"Fisher, {table}")
    families = [(random.random(int(size)) ** power).tolist() for size in random.integers(1, 200, size=50) for power in (1, 4)]
    # With equal p values.
    families += [[0.01] * 5, [0.2, 0.01, 0.2, 0.01], [1.0, 0.0]]
    for values, found in zip(families, compute([{"compute": "false_discovery", "p_values": values} for values in families])):
        same(found, [float(q) for q in false_discovery_control(values)], f"q values of {len(values)} tests")
    print(f"scipy: {len(tails)} binomial tails, {len(tables)} tables by Fisher's test, {len(families)} families of q values")


def sampled():
    """The longest series of a sample."""
    [sample] = compute([{"compute": "sample", "seed": 1, "scale": 0.5}])
    pipelines = sample["pipelines"]
    pipelines.sort(key=lambda pipeline: -len(pipeline["durations"]))
    chosen = pipelines[:SAMPLE_SERIES]
    shortest = len(chosen[-1]["durations"])
    assert len(chosen) == SAMPLE_SERIES and shortest >= MIN_SAMPLE_BUILDS, f"a series of only {shortest} builds"
    return chosen


def instant_ms(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def check_truth():
    """Precision and recall against what is planted in samples, as docs/insight.md has them."""
    samples = compute([{"compute": "sample", "seed": seed, "scale": 0.2} for seed in range(1, 21)])
    pipelines = [(number, pipeline) for number, sample in enumerate(samples) for pipeline in sample["pipelines"]]
    durations = compute(duration_cases([pipeline["durations"] for _, pipeline in pipelines], MIN_COUNT))
    rates = compute([{"compute": "rate_changes", "failed": pipeline["failed"]} for _, pipeline in pipelines])
    kinds = [
        ("durations", "duration_shifts", "timed_ms", durations, 0.95),
        ("failure rates", "failure_shifts", "decided_ms", rates, 0.7),
    ]
    for what, key, times, results, least in kinds:
        planted = {(number, shift["pipeline"]): shift for number, sample in enumerate(samples) for shift in sample["truth"][key]}
        found, right = set(), 0
        for (number, pipeline), changes in zip(pipelines, results):
            shift = planted.get((number, pipeline["name"]))
            for change in changes:
                # Within a few builds of the position, or of its interval.
                first, last = change.get("first", change["index"]), change.get("last", change["index"])
                at = shift and bisect_left(pipeline[times], instant_ms(shift["at"]))
                if shift and first - NEAR <= at <= last + NEAR and (number, pipeline["name"]) not in found:
                    found.add((number, pipeline["name"]))
                    right += 1
        all_found = sum(len(changes) for changes in results)
        precision, recall = right / all_found, len(found) / len(planted)
        print(f"Truth: {len(found)} of {len(planted)} planted changes of {what} found, {all_found} found in all")
        assert precision >= least and recall >= least, f"{what}: precision {precision:.2f}, recall {recall:.2f}"


def main():
    # Otava divides by zero where values are equal.
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    random = np.random.default_rng(20191025)
    check_durations(list(made_up_durations(random)), 100, "made-up")
    check_rates(list(made_up_results(random)), 100, "made-up")
    pipelines = sampled()
    check_durations([[float(ms) for ms in pipeline["durations"]] for pipeline in pipelines], 1, "sample")
    check_rates([pipeline["failed"] for pipeline in pipelines], 1, "sample")
    check_times(random)
    check_intervals(random)
    check_tests(random)
    check_truth()


main()
