// Invented reports of scans for the container cve-reports: weekly ones of repositories, in each of its
// forms, with findings that come and go.

import { kindOf } from '../organisation.mjs';

const WEEKS = 12;
const WEEK = 7 * 86_400;

/** A finding of dependency-check in the weeks `from` to `to` (exclusive) before now; suppressed from `suppressed` on. */
const JAVA = [
  { package: 'org.yaml/snakeyaml@1.33', cve: 'CVE-2022-1471', severity: 'CRITICAL', from: 12, to: 0 },
  { package: 'org.springframework/spring-core@5.3.20', cve: 'CVE-2022-22965', severity: 'CRITICAL', from: 9, to: 3 },
  { package: 'com.fasterxml.jackson.core/jackson-databind@2.13.2', cve: 'CVE-2022-42003', severity: 'HIGH', from: 6, to: 0, suppressed: 4 },
  { package: 'org.apache.tomcat.embed/tomcat-embed-core@9.0.80', cve: 'CVE-2023-44487', severity: 'HIGH', from: 2, to: 0 },
];
const NODE = [
  { package: 'ansi-regex', version: '5.0.0', cve: 'CVE-2021-3807', severity: 'high', fixed: '>=5.0.1', from: 12, to: 0 },
  { package: 'semver', version: '5.7.1', cve: 'CVE-2022-25883', severity: 'moderate', fixed: '>=5.7.2', from: 8, to: 2 },
  { package: 'tough-cookie', version: '4.0.0', cve: 'CVE-2023-26136', severity: 'moderate', fixed: '>=4.1.3', from: 5, to: 0, suppressed: 3 },
];
const PYTHON = [{ package: 'jinja2', version: '3.1.2', cve: 'CVE-2024-22195', fixed: '3.1.3', from: 7, to: 1 }];

/** Returns the documents of these repositories as NDJSON; `now` is in Unix seconds. */
export function reports(names, now) {
  const documents = names.flatMap((repository, number) =>
    Array.from({ length: WEEKS }, (_, week) =>
      document(repository, kindOf(repository), week, now - week * WEEK - number * 600),
    ),
  );
  return documents.map((one) => JSON.stringify(one)).join('\n');
}

function document(repository, type, week, ts) {
  const build = {
    branch_name: 'master',
    build_display_name: `#${WEEKS - week}`,
    build_tag: `jenkins-${repository}-${WEEKS - week}`,
    git_url: `https://github.com/hmcts/${repository}.git`,
    codebase_type: type,
  };
  return { id: `${repository}-${WEEKS - week}`, build, report: { java, node, python }[type](week), _ts: ts };
}

const during = (findings, week) => findings.filter(({ from, to }) => to <= week && week < from);
const isSuppressed = ({ suppressed }, week) => suppressed !== undefined && week < suppressed;

function java(week) {
  const dependencies = during(JAVA, week).map((finding) => {
    const name = finding.package.split('/')[1].replace('@', '-');
    const list = isSuppressed(finding, week) ? 'suppressedVulnerabilities' : 'vulnerabilities';
    return {
      fileName: `${name}.jar`,
      filePath: `/home/jenkins/.gradle/${name}.jar`,
      packages: [{ id: `pkg:maven/${finding.package}`, confidence: 'HIGH' }],
      [list]: [{ source: 'NVD', name: finding.cve, severity: finding.severity }],
    };
  });
  return { reportSchema: '1.1', scanInfo: { engineVersion: '12.1.0' }, projectInfo: { name: 'app' }, dependencies };
}

function node(week) {
  const advisory = (finding) => ({
    module_name: finding.package,
    cves: [finding.cve],
    severity: finding.severity,
    patched_versions: finding.fixed,
    findings: [{ version: finding.version, paths: [finding.package] }],
    id: Number(finding.cve.slice(-4)),
  });
  const found = during(NODE, week);
  const open = found.filter((finding) => !isSuppressed(finding, week));
  const suppressed = found.filter((finding) => isSuppressed(finding, week));
  const count = (severity) => open.filter((finding) => finding.severity === severity).length;
  const counts = { info: 0, low: 0, moderate: count('moderate'), high: count('high'), critical: 0 };
  return { vulnerabilities: open.map(advisory), suppressed: suppressed.map(advisory), summary: { vulnerabilities: counts } };
}

function python(week) {
  const dependencies = during(PYTHON, week).map((finding) => ({
    name: finding.package,
    version: finding.version,
    vulns: [{ id: finding.cve, fix_versions: [finding.fixed], aliases: [] }],
  }));
  return { dependencies: [...dependencies, { name: 'pip', version: '24.0', vulns: [] }], fixes: [] };
}
