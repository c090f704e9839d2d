import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Builds the pages into `web/dist`, which the server serves; `vite` alone serves them with reload, API calls going to SLIPWAY_URL. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': process.env['SLIPWAY_URL'] ?? 'http://127.0.0.1:8400' } },
});
