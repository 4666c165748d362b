/**
 * The origin that the browser sees: the built console, and the service behind it. It stands in for a server that serves
 * both, and can lose the connection on request.
 */
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const PAGES = /^\/(bench|workflow\/.*|review|audit(\/.*)?|operate|rules|signed-in)?$/;
/** Serves `dist` and passes everything else to `service`. */
export async function openOrigin({ dist, service }) {
  let isLost = false;
  // The policy that the service itself sends with the console.
  const policy = (await fetch(service)).headers.get("content-security-policy");
  const open = new Set();
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://origin");
    if (isLost) return request.socket.destroy();
    if (PAGES.test(pathname) || pathname.startsWith("/assets/")) return file(dist, pathname, policy, response);
    const to = new URL(request.url, service);
    // The name by which the browser asks stays: the service signs people in at this origin.
    const passed = http.request(to, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    lose: () => {
      isLost = true;
      for (const socket of open) socket.destroy();
    },
    find: () => {
      isLost = false;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function file(dist, pathname, policy, response) {
  const name = pathname.startsWith("/assets/") ? path.join(dist, path.normalize(pathname)) : path.join(dist, "index.html");
  try {
    const bytes = await readFile(name);
    response.setHeader("content-type", TYPES[path.extname(name)] ?? "application/octet-stream");
    response.setHeader("content-security-policy", policy);
    response.end(bytes);
  } catch {
    response.statusCode = 404;
    response.end();
  }
}
