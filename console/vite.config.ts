import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server that `npm run dev` asks: `ALIMS_SERVICE=http://127.0.0.1:3917 npm run dev`. */
const service = process.env.ALIMS_SERVICE ?? "http://127.0.0.1:3000";
export const served = [
  "/workflows",
  "/transitions",
  "/activity",
  "/me",
  "/rulesets",
  "/counts",
  "/events",
  "/exports",
  "/sweep",
  "/docs",
  "/openapi.json",
  "/console.json",
  "/oidc",
];

export default defineConfig({
  // The languages of the catalogues: react-aria brings the words of thirty more.
  plugins: [optimizeLocales.vite({ locales: ["en-US", "de-DE"] }), react()],
  build: {
    target: "es2022",
    // No map: what is committed is compared byte by byte, and the source is beside it.
    sourcemap: false,
    // A strict content security policy allows no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: service, changeOrigin: true }])) },
  worker: { format: "es" },
  test: { include: ["tests/unit/**/*.test.{ts,tsx}"], environment: "node", testTimeout: 120_000 },
} as Parameters<typeof defineConfig>[0]);
