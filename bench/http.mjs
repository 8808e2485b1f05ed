// Requests per second: a warm figure and the page, compared with nginx serving the same compressed bytes as files.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { have, median, onOneCore, run, serve, spread } from "./lib.mjs";
import { CONNECTIONS, wrk } from "./wrk.mjs";

// In a run of a few seconds, the machine causes slow requests as often as the server.
const RUNS = 9;
const NGINX_PORT = 8059;
const WHAT = { figure: "/api/figure?id=heatmap", page: "/pipelines" };

export async function measure({ binary, site, scratch, data, say }) {
  if (!have("wrk")) {
    say("wrk is missing, so requests per second are not measured (Debian, Ubuntu: apt-get install wrk)");
    return { rows: [] };
  }
  const [program, args] = onOneCore(0, binary, ["serve", "--data", data, "--port", "0"]);
  const ours = await serve(program, args, { env: { LEPTOS_SITE_ROOT: site } });
  try {
    const taken = await measured(ours, scratch, say);
    return { rows: rows(taken), tables: [table(taken)], bounds: BOUNDS };
  } finally {
    await ours.stop();
  }
}

const BOUNDS = [
  "A cached response is a look-up and bytes that were compressed once. The rest of the time goes to hyper and to the checks that every request passes: limits, client, queue, headers, metrics and a span for the log. nginx does none of that for a file. More than half of the time is spent in the kernel, a seventh in hyper, a fourteenth in axum's layers, a twentieth each in the span and in the dashboard's own code, and less in memory. An axum router that only sends the same bytes reaches nine tenths of nginx's throughput.",
];

async function measured(ours, scratch, say) {
  const nginx = have("nginx") ? await startNginx(ours, scratch) : undefined;
  if (!nginx) say("nginx is missing, so there is no comparison with it (Debian, Ubuntu: apt-get install nginx-light)");
  const taken = {};
  try {
    for (let turn = 1; turn <= RUNS; turn++) {
      say(`requests per second, run ${turn} of ${RUNS}`);
      for (const [name, address] of Object.entries(WHAT)) {
        add(taken, `${name}, dashboard`, wrk(ours.url + address));
        if (nginx) add(taken, `${name}, nginx`, wrk(`${nginx.url}/${name}`));
      }
    }
  } finally {
    await nginx?.stop();
  }
  return taken;
}

function add(taken, name, numbers) {
  (taken[name] ??= []).push(numbers);
}

/** Starts nginx on the same core, serving our bytes and headers from files. */
async function startNginx(ours, scratch) {
  const root = path.join(scratch, "nginx");
  mkdirSync(root, { recursive: true });
  for (const [name, address] of Object.entries(WHAT)) {
    // Saved without decoding: the comparison uses the compressed bytes.
    const file = path.join(root, name);
    run("curl", ["-sf", "-H", "Accept-Encoding: br", "-o", file, ours.url + address]);
  }
  const config = path.join(root, "nginx.conf");
  writeFileSync(
    config,
    // Run by root, nginx would start workers as another user, who cannot read here.
    `${process.getuid() === 0 ? "user root; " : ""}daemon off; worker_processes 1; pid ${root}/pid; error_log stderr;
events { worker_connections 512; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${root}/${kind};`).join(" ")}
  server {
    listen 127.0.0.1:${NGINX_PORT}; root ${root}; add_header Content-Encoding br; add_header Vary accept-encoding;
    location = /figure { default_type application/json; }
    location = /page { default_type text/html; }
  }
}
`,
  );
  const [program, args] = onOneCore(0, "nginx", ["-c", config, "-p", root]);
  const url = `http://127.0.0.1:${NGINX_PORT}`;
  return serve(program, args, { probe: `${url}/figure` });
}

const middle = (taken, name, key) => median(taken[name].map((numbers) => numbers[key]));

function rows(taken) {
  const page = taken["page, dashboard"];
  const rows = [
    { what: "Page over HTTP: requests per second on one core", target: 500, reached: middle(taken, "page, dashboard", "rate"), unit: "1/s", better: "more", detail: spread(page.map(({ rate }) => rate)) },
    { what: `Page over HTTP: p50 with ${CONNECTIONS} connections`, target: 5, reached: middle(taken, "page, dashboard", "p50"), unit: "ms", better: "less", detail: spread(page.map(({ p50 }) => p50)) },
  ];
  if (!taken["figure, nginx"]) return rows;
  const ratios = (key) => taken["figure, dashboard"].map((ours, turn) => ours[key] / taken["figure, nginx"][turn][key]);
  return [
    { what: "Cached figure over HTTP: requests per second relative to nginx", target: 0.5, reached: median(ratios("rate")), unit: "", better: "more", detail: spread(ratios("rate")) },
    { what: "Cached figure over HTTP: p99 relative to nginx", target: 2, reached: median(ratios("p99")), unit: "", better: "less", detail: spread(ratios("p99")) },
    ...rows,
  ];
}

function table(taken) {
  return {
    title: `Requests per second with ${CONNECTIONS} connections, server on one core, wrk on another`,
    head: ["", "requests/s", "p50 ms", "p99 ms"],
    rows: Object.keys(taken)
      .sort()
      .map((name) => [name, middle(taken, name, "rate").toFixed(0), middle(taken, name, "p50").toFixed(2), middle(taken, name, "p99").toFixed(2)]),
  };
}
