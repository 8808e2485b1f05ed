// A local sign-in provider: oidc-provider from npm, a certified OpenID Connect provider, with a form
// that asks only for the account.
//
//   node end2end/stand-ins/oidc.mjs --dashboard URL [--port N] [--child]
//
// URL is the RSE_PUBLIC_URL of the dashboard, the only client. With --child, the first line of output
// is JSON and the process exits when its standard input closes, so that it never outlives its test.
//
// POST /_stand-in/control  {"keys": "new"}      switches to new signing keys
//                          {"inToken": true}    puts all claims into the ID token, as some providers do
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Provider } from "oidc-provider";

const CLIENT = { id: "dashboard", secret: "stand-in-secret" };
const SCOPES = "openid profile email groups";
/** Accounts: form entry → claims of the provider. */
const PEOPLE = {
  ada: { name: "Ada Lovelace", email: "ada@example.org", email_verified: true, groups: ["staff", "rse"] },
  bob: { name: "Bob", email: "bob@example.org", email_verified: true, groups: ["staff"] },
  eve: { name: "Eve", email: "eve@elsewhere.example", email_verified: true, groups: ["rse"] },
  mallory: { name: "Mallory", email: "mallory@example.org", email_verified: false, groups: ["rse"] },
  nobody: {},
};

const { values: options } = parseArgs({
  options: {
    dashboard: { type: "string" },
    port: { type: "string", default: "0" },
    child: { type: "boolean", default: false },
  },
});
if (!options.dashboard) {
  console.error("--dashboard is missing: name the dashboard's RSE_PUBLIC_URL");
  process.exit(2);
}

const settings = { keys: newKeys(), inToken: false };
let provider;

function newKeys() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return [{ ...privateKey.export({ format: "jwk" }), kid: randomBytes(8).toString("hex"), alg: "RS256", use: "sig" }];
}

function makeProvider(issuer) {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${options.dashboard}/sign-in/callback`],
        post_logout_redirect_uris: [`${options.dashboard}/signed-out`],
      },
    ],
    cookies: { keys: ["only for tests"] },
    jwks: { keys: settings.keys },
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    conformIdTokenClaims: !settings.inToken,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      // The built-in pages would load fonts from another host.
      rpInitiatedLogout: {
        logoutSource: (context, form) => void (context.body = logoutPage(form)),
        postLogoutSuccessSource: (context) => void (context.body = "signed out"),
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600 },
    findAccount: (_, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) },
    // Skip the consent form.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(SCOPES);
      await grant.save();
      return grant;
    },
  });
  made.on("server_error", (_, error) => console.error(error));
  return made;
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const FORM = `<!doctype html><html lang="en"><title>Provider</title><h1>Who are you?</h1>
<form method="post"><label>Account <input name="account"></label> <button>Sign in</button>
<button name="deny" value="yes">Deny</button></form></html>`;

const logoutPage = (form) => `<!doctype html><html lang="en"><title>Provider</title><h1>Sign out here, too?</h1>
${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button></html>`;

async function interact(request, response) {
  if (request.method === "GET") {
    await provider.interactionDetails(request, response);
    response.writeHead(200, { "content-type": "text/html" }).end(FORM);
    return;
  }
  const form = new URLSearchParams(await read(request));
  const result = form.has("deny")
    ? { error: "access_denied", error_description: "<b>denied</b>" }
    : { login: { accountId: form.get("account") } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function control(request, response) {
  const change = JSON.parse(await read(request));
  if (change.keys === "new") settings.keys = newKeys();
  if (change.inToken !== undefined) settings.inToken = change.inToken;
  provider = makeProvider(provider.issuer);
  response.writeHead(204).end();
}

const server = createServer((request, response) => {
  // Browsers request the favicon automatically.
  if (request.url === "/favicon.ico") return void response.writeHead(204).end();
  const answer = request.url.startsWith("/interaction/")
    ? interact(request, response)
    : request.url === "/_stand-in/control"
      ? control(request, response)
      : provider.callback()(request, response);
  answer.catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});

server.listen(Number(options.port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = makeProvider(issuer);
  if (options.child) {
    console.log(JSON.stringify({ ready: issuer }));
    process.stdin.resume().on("end", () => process.exit(0));
    return;
  }
  console.log(`Sign-in provider at ${issuer}, for ${Object.keys(PEOPLE).join(", ")}`);
  console.log("The dashboard asks it with this environment:");
  const variables = {
    RSE_PUBLIC_URL: options.dashboard,
    RSE_OIDC_ISSUER: issuer,
    RSE_OIDC_CLIENT_ID: CLIENT.id,
    RSE_OIDC_CLIENT_SECRET: CLIENT.secret,
    RSE_OIDC_SCOPES: '"profile email groups"',
    RSE_OIDC_ALLOWED_DOMAINS: "example.org",
    RSE_OIDC_ALLOWED_GROUPS: "rse",
    RSE_SESSION_KEY: randomBytes(64).toString("base64"),
  };
  for (const [name, value] of Object.entries(variables)) console.log(`  ${name}=${value}`);
});
