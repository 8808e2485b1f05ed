// Events of new builds.

export function events(name, count) {
  const event = (number) => ({
    id: `${name}-${number}`,
    build_tag: `${name}-${number}`,
    job_name: `HMCTS_CMC/replicas-${number % 20}/master`,
    build_id: String(number),
    branch_name: "master",
    current_step_name: "build",
    current_build_current_result: number % 3 ? "SUCCESS" : "FAILURE",
    stage_timestamp: new Date().toISOString(),
  });
  return Array.from({ length: count }, (_, number) => JSON.stringify(event(number))).join("\n");
}
