import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// the server refuses requests of other sites, so the host must stay the one that the browser sees
const proxy = { target: process.env.CYTOLOOP_SERVER ?? "http://127.0.0.1:8000", changeOrigin: false };

export default defineConfig({
  plugins: [react()],
  // the workers load what they need themselves, which only modules can
  worker: { format: "es" },
  build: { outDir: "dist", chunkSizeWarningLimit: 1500 },
  server: { proxy: { "/api": proxy, "/health": proxy } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
