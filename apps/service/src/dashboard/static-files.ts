import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Headers of the page: it loads only its own files, sends nothing elsewhere, and has neither inline scripts nor inline styles. */
const PAGE_HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;

// The folder is beside `src` and beside `dist`.
const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url));
const require = createRequire(import.meta.url);
const own = (name: string) => join(PUBLIC, name);
const vendored = (name: string, file: string) =>
  join(dirname(require.resolve(`${name}/package.json`)), 'dist', file);

/** All files that are served, by their path. */
const FILES: Readonly<Record<string, string>> = {
  '/dashboard': own('index.html'),
  ...Object.fromEntries(
    [
      'style.css',
      'main.js',
      'api.js',
      'elements.js',
      'format.js',
      'overview.js',
      'sections.js',
      'history.js',
      'candles.js',
      'completeness.js',
      'icon.svg',
    ].map((name) => [`/dashboard/${name}`, own(name)]),
  ),
  '/dashboard/vendor/lightweight-charts.mjs': vendored(
    'lightweight-charts',
    'lightweight-charts.standalone.production.mjs',
  ),
  '/dashboard/vendor/uplot.js': vendored('uplot', 'uPlot.esm.js'),
  '/dashboard/vendor/uplot.css': vendored('uplot', 'uPlot.min.css'),
};

/** Adds a route for each file of the page. They are read once. */
export async function addStaticFiles(app: FastifyInstance): Promise<void> {
  for (const [url, file] of Object.entries(FILES)) {
    const body = await readFile(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    const type = TYPES[extname(file)]!;
    app.get(url, { config: { area: 'page' }, schema: { hide: true } as object }, (request, reply) => {
      reply.headers({ ...PAGE_HEADERS, etag });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      // A buffer is sent as it is, without the serializer of JSON.
      return reply.type(type).send(body);
    });
  }
}
