// nginx in front of the replicas, as an operator would configure it: round robin, moving on if a replica
// is gone or not ready. It does not count failures (max_fails=0): a refused connection costs nothing, and
// counting would soon mark all three replicas as gone.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { freePort } from "../lib/postgres.mjs";
import { until } from "./checks.mjs";

// Debian installs nginx in a directory that only root has on its PATH.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

export const isInstalled = () => spawnSync("nginx", ["-v"], { env }).status === 0;

function configuration(folder, port, replicas) {
  const servers = replicas.map((replica) => `    server 127.0.0.1:${replica.port} max_fails=0;`).join("\n");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `  ${what}_temp_path ${folder}/${what};`).join("\n");
  return `${process.getuid() === 0 ? "user root;\n" : ""}worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
${temporary}
  upstream replicas {
${servers}
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_next_upstream error timeout http_502 http_503 http_504;
      # A replica that neither answers nor refuses is frozen, or its machine is gone.
      proxy_connect_timeout 2s;
      proxy_read_timeout 10s;
    }
  }
}
`;
}

export class Proxy {
  name = "nginx";
  log = "";

  static async start(program, replicas) {
    const proxy = new Proxy();
    const folder = path.join(program.folder, "nginx");
    mkdirSync(folder);
    const port = await freePort();
    proxy.url = `http://127.0.0.1:${port}`;
    const file = path.join(folder, "nginx.conf");
    writeFileSync(file, configuration(folder, port, replicas));
    const child = spawn("nginx", ["-p", folder, "-c", file, "-e", "stderr"], { env, stdio: ["ignore", "ignore", "pipe"] });
    proxy.child = child;
    child.stderr.on("data", (text) => (proxy.log += text));
    await until("nginx answers", () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${proxy.log}`);
      return fetch(`${proxy.url}/health/live`);
    });
    return proxy;
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
  }
}
