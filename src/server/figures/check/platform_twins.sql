CREATE TEMP TABLE placed AS
  SELECT build, stage_ms, result, scheduled_ms, duration_ms, step, git_commit, node, step_duration_ms,
         codebase ->> 'git_url' AS address, toolchain ->> 'node_labels' AS agent,
         toolchain ->> 'shared_library_name' AS name, toolchain ->> 'shared_library_version' AS version,
         row_number() OVER (PARTITION BY build ORDER BY stage_ms, ts, id) AS place
    FROM e WHERE build IN (SELECT build FROM twin);
CREATE INDEX temp.placed_build ON placed (build, place);
CREATE TEMP TABLE ran AS
  SELECT build, place, step, stage_ms, own, CASE WHEN ms < 4294967295 THEN ms END AS ms
    FROM (
      SELECT build, place, step, stage_ms,
             CASE WHEN result = 0 THEN 0 WHEN result = 2 AND before < 2 THEN 2 END AS own,
             max(0, coalesce(step_duration_ms, stage_ms - coalesce(
               CASE WHEN step IN ('test', 'sonarscan', 'securitychecks', 'techstack', 'dockerbuild', 'dockertestbuild')
                    THEN (SELECT stage_ms FROM placed AS earlier
                           WHERE earlier.build = now.build AND earlier.place < now.place AND earlier.step NOT IN
                                 ('test', 'sonarscan', 'securitychecks', 'techstack', 'dockerbuild', 'dockertestbuild')
                           ORDER BY earlier.place DESC LIMIT 1)
                    ELSE (SELECT stage_ms FROM placed AS earlier
                           WHERE earlier.build = now.build AND earlier.place = now.place - 1) END,
               (SELECT scheduled_ms FROM latest WHERE latest.build = now.build)))) AS ms
        FROM (SELECT *, coalesce((SELECT result FROM placed AS earlier
                                   WHERE earlier.build = placed.build AND earlier.place < placed.place
                                     AND earlier.result <> 5
                                   ORDER BY earlier.place DESC LIMIT 1), 0) AS before
                FROM placed) AS now
       WHERE step IS NOT NULL AND build IN (SELECT build FROM twin WHERE age_ms < 90 * 86400000));
CREATE INDEX temp.ran_build ON ran (build, place);
CREATE INDEX temp.latest_build ON latest (build);
CREATE TEMP TABLE told AS
  SELECT twin.*, pipeline || char(10) || system AS line,
         CASE WHEN said IN (2, 3) THEN step ELSE 'unknown' END AS failed_step,
         (SELECT git_commit FROM placed WHERE placed.build = twin.build AND git_commit IS NOT NULL
           ORDER BY place DESC LIMIT 1) AS git_commit,
         coalesce((SELECT node FROM placed WHERE placed.build = twin.build AND node IS NOT NULL
                    ORDER BY place DESC LIMIT 1), 'unknown') AS node,
         coalesce((SELECT agent FROM placed WHERE placed.build = twin.build AND agent IS NOT NULL
                    ORDER BY place DESC LIMIT 1), 'unknown') AS agent,
         (SELECT name FROM placed WHERE placed.build = twin.build AND name IS NOT NULL
           ORDER BY place DESC LIMIT 1) AS library_name,
         (SELECT version FROM placed WHERE placed.build = twin.build AND version IS NOT NULL
           ORDER BY place DESC LIMIT 1) AS library_version,
         (SELECT rtrim(address, '/') FROM placed WHERE placed.build = twin.build AND address IS NOT NULL
           ORDER BY place DESC LIMIT 1) AS address,
         rtrim(rtrim(pipeline, replace(pipeline, '/', '')), '/') AS folder,
         (SELECT max(0, stage_ms - scheduled_ms - duration_ms) FROM placed
           WHERE placed.build = twin.build AND place = 1
             AND stage_ms - scheduled_ms - duration_ms < 4294967295) AS delay_ms,
         (SELECT max(0, min(stage_ms - started_ms, 2147483647)) FROM ran WHERE ran.build = twin.build
           ORDER BY place LIMIT 1) AS first_step_ms,
         (SELECT count(*) FROM ran WHERE ran.build = twin.build AND step = 'checkout') AS attempts,
         (SELECT own FROM ran WHERE ran.build = twin.build AND step = 'prod:promotion' AND own IS NOT NULL
           ORDER BY place DESC LIMIT 1) AS promotion,
         EXISTS (SELECT 1 FROM ran WHERE ran.build = twin.build AND step = 'prod:promotion') AS promotes,
         row_number() OVER (ORDER BY finished_ms, pipeline, system, started_ms, build_id) AS at
    FROM twin;
CREATE TEMP TABLE known AS
  SELECT *, CASE WHEN instr(repository, '-') > 0 THEN substr(repository, 1, instr(repository, '-') - 1)
                 ELSE repository END AS team,
         coalesce(library_name || '@' || library_version, library_name, library_version, 'unknown') AS library,
         CASE WHEN failed_step = 'unknown' THEN 'unknown'
              WHEN failed_step LIKE 'checkout%' OR failed_step LIKE 'prepare%' OR failed_step LIKE 'archive%'
                OR failed_step LIKE 'report%' OR failed_step LIKE 'publish%' OR failed_step LIKE 'not-approved%'
              THEN 'platform'
              WHEN failed_step LIKE '%test%' OR failed_step LIKE '%dependencycheck%'
                OR failed_step LIKE '%securitychecks%' OR failed_step LIKE '%fortify%' OR failed_step LIKE '%sonar%'
              THEN 'test'
              WHEN failed_step LIKE '%deploy%' OR failed_step LIKE '%promot%' OR failed_step LIKE '%apply%'
                OR failed_step LIKE '%plan%' OR failed_step LIKE '%infra%' OR failed_step LIKE '%migrat%'
                OR failed_step LIKE '%aks%' OR failed_step LIKE '%helm%' OR failed_step LIKE '%chart%'
              THEN 'deploy'
              WHEN failed_step LIKE '%build%' OR failed_step LIKE '%compile%' OR failed_step LIKE '%lint%'
                OR failed_step LIKE '%validate%' OR failed_step LIKE '%techstack%' OR failed_step LIKE '%docker%'
              THEN 'code' ELSE 'unknown' END AS domain
    FROM (SELECT *, coalesce(CASE WHEN address LIKE '%.git'
                                  THEN substr(replace(address, rtrim(address, replace(address, '/', '')), ''), 1,
                                              length(replace(address, rtrim(address, replace(address, '/', '')), '')) - 4)
                                  ELSE replace(address, rtrim(address, replace(address, '/', '')), '') END,
                             CASE WHEN instr(pipeline, '/') > 0
                                  THEN replace(folder, rtrim(folder, replace(folder, '/', '')), '') END,
                             'unknown') AS repository
            FROM told);
CREATE INDEX temp.known_commit ON known (line, git_commit, at);
CREATE TEMP TABLE flake AS
  SELECT failed.at AS failed, failed.line, failed.git_commit, failed.finished_ms, min(good.at) AS good
    FROM known AS failed
    JOIN known AS good USING (line, git_commit)
   WHERE failed.result = 2 AND good.result IN (0, 1) AND good.at > failed.at
     AND good.finished_ms <= failed.finished_ms + 24 * 3600000
   GROUP BY failed.at;
CREATE TEMP TABLE rerun AS
  SELECT again.at, min(flake.failed) AS failed
    FROM flake
    JOIN known AS again USING (line, git_commit)
   WHERE again.at > flake.failed AND again.at <= flake.good
   GROUP BY again.at;
CREATE TEMP TABLE completed AS
  SELECT at, line, result, failed_step, git_commit,
         sum(result IN (0, 1)) OVER (PARTITION BY line ORDER BY at) AS goods,
         lead(result) OVER (PARTITION BY line ORDER BY at) AS next_result,
         lead(git_commit) OVER (PARTITION BY line ORDER BY at) AS next_commit
    FROM known WHERE result < 6;
CREATE TEMP TABLE failure AS
  SELECT *, lag(failed_step) OVER red AS step_before, lead(failed_step) OVER red AS step_after
    FROM completed WHERE result = 2 WINDOW red AS (PARTITION BY line, goods ORDER BY at);
CREATE TEMP TABLE class AS
  SELECT known.at,
         CASE WHEN known.result = 6 THEN 'lost'
              WHEN known.failed_step = 'checkout' OR attempts > 1 THEN 'agent'
              WHEN build IN (SELECT build FROM member) THEN 'incident'
              WHEN known.at IN (SELECT failed FROM flake) THEN 'flaky'
              WHEN known.failed_step <> 'unknown' AND known.failed_step IN (step_before, step_after) THEN 'broken'
              WHEN next_result IN (0, 1) AND next_commit <> known.git_commit THEN 'once'
              ELSE 'unknown' END AS class
    FROM known LEFT JOIN failure USING (at)
   WHERE known.result IN (2, 6);
CREATE INDEX temp.class_at ON class (at);
CREATE INDEX temp.rerun_at ON rerun (at);
CREATE INDEX temp.known_at ON known (at);
