"""Computes episodes, incidents and classes a second way, from exports, and compares: make test-proofs.

Arguments: the program, and data directories; without these, three samples are made. Only Python's own library is used,
and every rule is written as docs/insight.md words it, whatever it costs.
"""

import bisect
import collections
import datetime
import json
import math
import subprocess
import sys
import tempfile

PROGRAM, DIRECTORIES = sys.argv[1], sys.argv[2:]
SEEDS = (1, 2, 3)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
GOOD = ("SUCCESS", "UNSTABLE")
ALL = "from=1970-01-01"
BRANCHES = (None, "master", "main")


def run(directory, *arguments):
    done = subprocess.run([PROGRAM, *arguments, "--data", directory], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{PROGRAM} {' '.join(arguments)} failed: {done.stderr}")
    return done.stdout


def export(directory, *arguments):
    return [json.loads(line) for line in run(directory, "export", *arguments).splitlines()]


def milliseconds(text):
    at = datetime.datetime.fromisoformat(text)
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def instant(at):
    whole, part = divmod(at, 1000)
    text = datetime.datetime.fromtimestamp(whole, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{part:03}".rstrip("0") if part else "") + "Z"


class Build:
    def __init__(self, known, attempt):
        self.system, self.pipeline = known["system"], (known["job_name"], known["system"])
        self.number = known["build_id"]
        self.result, self.step = known["result"], known["failing_step"]
        self.commit = known["git_commit"] and known["git_commit"][:16]
        self.nightly = known["type"] == "nightly"
        self.started, self.finished = milliseconds(known["started_at"]), milliseconds(known["finished_at"])
        self.attempt = attempt
        self.good, self.failed = self.result in GOOD, self.result == "FAILURE"
        self.completed = self.result not in ("RUNNING", "LOST")
        self.episode = self.incident = self.good_after = None

    def key(self):
        return (self.pipeline, self.number)


def read(directory):
    """The builds of default branches in order of their ends."""
    attempts = collections.defaultdict(int)
    for step in export(directory, "steps"):
        key = (step["system"], step["build_tag"])
        attempts[key] = max(attempts[key], step["attempt"])
    known = [build for build in export(directory, "builds") if build["branch_name"] in BRANCHES]
    builds = [Build(build, attempts[(build["system"], build["build_tag"])]) for build in known]
    return sorted(builds, key=lambda build: (build.finished, "\0".join(build.pipeline), build.started, build.number))


def by_pipeline(builds):
    pipelines = collections.defaultdict(list)
    for build in builds:
        pipelines[build.pipeline].append(build)
    return pipelines


def episodes(pipelines, labels):
    """Builds by red episode."""
    found = collections.Counter()
    for pipeline, builds in pipelines.items():
        name = None
        for build in builds:
            if build.failed and name is None:
                name = f"{labels[pipeline]}@{instant(build.finished)}"
            elif build.good:
                name = None
            build.episode = name
            if name is not None:
                found[name] += 1
    return found


def upper_tail(k, n, p):
    """The probability of k or more of n, each with the probability p."""
    def term(i):
        ways = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
        return math.exp(ways + i * math.log(p) + (n - i) * math.log1p(-p))
    return math.fsum(term(i) for i in range(k, n + 1))


def incidents(builds, pipelines):
    """Members by incident."""
    transitions = {False: [], True: []}
    was_good = collections.defaultdict(bool)
    for build in builds:
        if build.completed:
            if was_good[build.pipeline] and (build.failed or build.result == "SUCCESS"):
                transitions[build.nightly].append(build)
            was_good[build.pipeline] = build.good
    found = collections.Counter()
    for nightly, kind in transitions.items():
        steps = collections.defaultdict(list)
        for build in kind:
            if build.failed:
                steps[build.step].append(build)
        for step, failures in steps.items():
            for members in of_step(kind, failures):
                first = min(build.finished for build in members)
                name = f"{'nightly:' if nightly else ''}{step or 'unknown'}@{instant(first)}"
                for build in members:
                    build.incident = name
                    found[name] += 1
    return found


def of_step(transitions, failures):
    """The members of the incidents of a step, of which these are the new failures."""
    all_times, times = [[build.finished for build in some] for some in (transitions, failures)]

    def between(known, start, end):
        return bisect.bisect_left(known, start), bisect.bisect_left(known, end)

    def count(known, start, end):
        first, last = between(known, start, end)
        return last - first

    windows = []
    for start in sorted(set(times)):
        before = count(times, start - 28 * DAY, start), count(all_times, start - 28 * DAY, start)
        for length in (HOUR, 4 * HOUR):
            members = failures[slice(*between(times, start, start + length))]
            if before[1] < 100 or len({member.pipeline for member in members}) < 4:
                continue
            rate = (before[0] + 0.5) / (before[1] + 1)
            if upper_tail(len(members), count(all_times, start, start + length), rate) < 1e-5 / 2:
                windows.append((start, min(start + length, members[-1].finished + HOUR), members))
    groups, until = [], None
    for start, end, members in sorted(windows, key=lambda window: window[:2]):
        if until is None or start - until > HOUR:
            groups.append({})
            until = end
        until = max(until, end)
        groups[-1].update({id(member): member for member in members})
    return [list(group.values()) for group in groups]


def classify(pipelines):
    """The class of every failed or lost build."""
    for builds in pipelines.values():
        for place, build in enumerate(builds):
            for after in builds[place + 1:] if build.failed and build.commit else []:
                if after.finished - build.finished > DAY:
                    break
                if after.good and after.commit == build.commit:
                    build.good_after = after
                    break
        completed = [build for build in builds if build.completed]
        red = [build for build in builds if build.failed]
        for place, build in enumerate(red):
            neighbours = [red[other] for other in (place - 1, place + 1) if 0 <= other < len(red)]
            build.broken = build.step is not None and any(
                other.step == build.step and other.episode == build.episode for other in neighbours)
        for build, after in zip(completed, completed[1:] + [None]):
            other = after and after.commit and build.commit and after.commit != build.commit
            build.once = bool(other and after.good)
    return {build.key(): one_class(build) for builds in pipelines.values() for build in builds}


def one_class(build):
    if build.result == "LOST":
        return "lost"
    if not build.failed:
        return None
    rules = (
        ("agent", build.attempt >= 2 or build.step == "checkout"),
        ("incident", build.incident is not None),
        ("flaky", build.good_after is not None),
        ("broken", build.broken),
        ("once", build.once),
    )
    return next((name for name, holds in rules if holds), "unknown")


def same(found, expected, what):
    different = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
    some = [f"{key}: {found.get(key)}, not {expected.get(key)}" for key in sorted(different, key=str)[:5]]
    assert not different, f"{what}: {len(different)} differ: {some}"


def compare(directory, what):
    builds = read(directory)
    pipelines = by_pipeline(builds)
    shown = export(directory, "builds", "--selection", ALL)
    names = collections.Counter(name for name, _ in pipelines)
    labels = {pipeline: pipeline[0] if names[pipeline[0]] == 1 else f"{pipeline[0]} ({pipeline[1]})" for pipeline in pipelines}
    expected = episodes(pipelines, labels)
    groups = export(directory, "by-episode", "--selection", ALL)
    found = {group["episode"]: group["builds"] for group in groups if group["episode"] != "unknown"}
    same(found, expected, f"episodes of {what}")
    expected = incidents(builds, pipelines)
    found = collections.Counter(build["incident"] for build in shown if build["incident"])
    same(found, expected, f"incidents of {what}")
    expected = classify(pipelines)
    # Attempts of older builds are not in memory.
    latest = max(build.finished for build in builds)
    old = {build.key() for build in builds if build.finished <= latest - 90 * DAY and build.attempt >= 2}
    expected = {key: name for key, name in expected.items() if key not in old}
    found = {((build["name"], build["system"]), build["number"]): build["class"] for build in shown}
    same({key: name for key, name in found.items() if key not in old}, expected, f"classes of {what}")
    classes = collections.Counter(name for name in expected.values() if name)
    print(f"{what}: {len(builds)} builds, {len(groups) - 1} episodes, {len(incidents_of(builds))} incidents, {dict(classes)}")


def incidents_of(builds):
    return {build.incident for build in builds if build.incident}


def main():
    for directory in DIRECTORIES:
        compare(directory, directory)
    for seed in SEEDS if not DIRECTORIES else ():
        with tempfile.TemporaryDirectory() as directory:
            run(directory, "sample", "--seed", str(seed), "--days", "60", "--as-of", "2019-10-25T17:15:00Z")
            compare(directory, f"seed {seed}")


if __name__ == "__main__":
    main()
