/** A server of its own with an empty data folder, the people who work there, and a browser. */
import { spawn, execFile } from "node:child_process";
import { createSign } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { openOrigin } from "./origin.mjs";

const here = import.meta.dirname;
/** The built console; another folder for a build that is only tried. */
const dist = path.resolve(process.env.ALIMS_DIST ?? path.join(here, "../../dist"));
const root = path.resolve(here, "../../..");
/** The built server: `cargo build -p alims-local`. */
const binary = process.env.ALIMS_LOCAL ?? path.join(root, "target/debug/alims-local");
const executablePath = process.env.ALIMS_CHROMIUM ?? "/usr/bin/chromium";

export async function openLaboratory() {
  const data = await mkdtemp(path.join(tmpdir(), "alims-console-"));
  const server = spawn(binary, ["--port", "0", "--data", data], { cwd: root, stdio: ["ignore", "pipe", process.env.ALIMS_LOG ? "inherit" : "ignore"] });
  const service = await listening(server);
  const origin = await openOrigin({ dist, service });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const token = async (sub, roles, seconds = 3600) => {
    const of = roles.flatMap((role) => ["--role", role]);
    const asked = ["token", "--sub", sub, ...of, "--data", data, "--expires-in", String(seconds)];
    return (await promisify(execFile)(binary, asked, { cwd: root })).stdout.trim();
  };
  const tokens = {
    alice: await token("alice", ["analyst"]),
    bob: await token("bob", ["supervisor"]),
    sue: await token("sue", ["supervisor", "auditor"]),
  };
  return {
    origin,
    browser,
    service,
    token,
    tokens,
    stale: (token) => stale(data, token),
    /** The key that its exports are signed with. */
    signingKey: () => readFile(path.join(data, "signing-key.pub"), "utf8"),
    pin: async () => (await readFile(path.join(data, "pin"), "utf8")).trim(),
    /** Fills it with the believable laboratory that `cargo local seed` makes. */
    seed: (workflows) => promisify(execFile)(binary, ["seed", "--workflows", String(workflows), "--data", data], { cwd: root }),
    alter: (id, version, metadata) => alter(data, id, version, metadata),
    api: (who, method, at, body, headers = {}) => api(service, tokens[who], method, at, body, headers),
    /** Signs the newest version. */
    sign: async (who, id, meaning) => {
      const { version } = await api(service, tokens[who], "GET", `/workflows/${id}`, undefined, {});
      return api(service, tokens[who], "POST", `/workflows/${id}/signatures`, { meaning, version }, {});
    },
    close: async () => {
      await browser.close();
      origin.close();
      server.kill("SIGTERM");
      await new Promise((resolve) => server.once("exit", resolve));
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The same token of a person who signed in an hour ago, signed by the folder's key. */
async function stale(data, token) {
  const [header, payload] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const old = Buffer.from(JSON.stringify({ ...claims, auth_time: claims.auth_time - 3600 })).toString("base64url");
  const signature = createSign("RSA-SHA256").update(`${header}.${old}`).sign(await readFile(path.join(data, "key")), "base64url");
  return `${header}.${old}.${signature}`;
}

function listening(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    });
  });
}

async function api(service, token, method, at, body, headers) {
  const response = await fetch(service + at, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Changes a stored version behind the service's back, past its API. */
async function alter(data, id, version, metadata) {
  const { dynamodb, access_key_id: key, log_table } = JSON.parse(await readFile(path.join(data, "endpoints.json"), "utf8"));
  const scope = `${key}/20261128/eu-central-1/dynamodb/aws4_request`;
  const response = await fetch(dynamodb, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": "DynamoDB_20120810.UpdateItem",
      Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({
      TableName: log_table,
      Key: { pk: { S: `default#${id}` }, entry: { S: `v#${String(version).padStart(10, "0")}` } },
      UpdateExpression: "SET metadata = :other",
      ExpressionAttributeValues: { ":other": { S: JSON.stringify(metadata) } },
    }),
  });
  if (!response.ok) throw new Error(`the stored version could not be altered: ${await response.text()}`);
}

/** A page for one person. What the browser complains of is kept, and every test looks at it. */
export async function openPage(laboratory, { token = laboratory.tokens.sue, signedOut = false, theme = "light", locale = "en-GB", width = 1280, height = 800 } = {}) {
  const context = await laboratory.browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale,
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: "reduce",
  });
  if (!signedOut) {
    await context.addInitScript((text) => {
      // Given once: a sign-in in the page takes its place.
      if (sessionStorage.getItem("given") === null) sessionStorage.setItem("alims.token", text);
      sessionStorage.setItem("given", "yes");
    }, token);
  }
  // A busy machine is no fault of a page.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // An answer that is no success is a line of its own there, and not a fault of the page.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  return { page, complaints, url: laboratory.origin.url, close: () => context.close() };
}

/** Signs in at the provider's page, which stands in this page or in a window of its own. */
export async function signIn(page, laboratory, sub) {
  await page.getByRole("radio", { name: new RegExp(`\\(${sub},`) }).check();
  await page.getByLabel("PIN", { exact: true }).fill(await laboratory.pin());
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
