/**
 * Bundles web/src into web/dist: pages/*.html, and assets/* under names that carry a hash of their content, each also
 * compressed (.br, .gz). `dist/manifest.json` lists the assets for api/pages.py.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const [SOURCE, DIST] = [join(HERE, "src"), join(HERE, "dist")];
const MAPLIBRE = join(HERE, "node_modules", "maplibre-gl", "dist");
const COMPRESSIBLE = new Set([".js", ".mjs", ".css", ".svg"]);

const urls = {};

function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const extension = extname(name);
  return `${basename(name, extension)}-${hash}${extension}`;
}

/** Write one asset and its compressed twins; `name` is final. */
function put(name, content) {
  const path = join(DIST, "assets", name);
  writeFileSync(path, content);
  if (!COMPRESSIBLE.has(extname(name))) return;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  writeFileSync(`${path}.br`, brotliCompressSync(content, quality));
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function copy(path, change = (text) => text) {
  const content = Buffer.from(change(readFileSync(path, "utf8")));
  const name = hashed(basename(path), content);
  put(name, content);
  urls[basename(path)] = `/assets/${name}`;
}

const withoutMapLink = (text) => text.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");

async function bundle() {
  const pages = readdirSync(join(SOURCE, "pages")).map((name) => basename(name, ".html"));
  const result = await build({
    entryPoints: pages.flatMap((page) => [join(SOURCE, `${page}.js`), join(SOURCE, "css", `${page}.css`)]),
    bundle: true, splitting: true, format: "esm", minify: true, target: ["es2022"], write: false, metafile: true,
    outdir: join(DIST, "assets"), entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]",
    define: { MAPLIBRE_WORKER_URL: JSON.stringify(urls["maplibre-gl-worker.mjs"]) }, legalComments: "none", logLevel: "warning",
    absWorkingDir: HERE,
  });
  for (const { path, contents } of result.outputFiles) put(basename(path), Buffer.from(contents));
  for (const [path, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    if (entryPoint) urls[basename(entryPoint)] = `/assets/${basename(path)}`;
  }
  return pages;
}

/** The service worker stands at the root, under one name for ever: its scope is the whole site. */
async function serviceWorker() {
  await build({
    entryPoints: [join(SOURCE, "sw.js")], bundle: true, format: "iife", minify: true, target: ["es2022"], outfile: join(DIST, "sw.js"),
    legalComments: "none", logLevel: "warning",
  });
}

function page(name) {
  const html = readFileSync(join(SOURCE, "pages", `${name}.html`), "utf8");
  const filled = html.replace(/\{([\w.-]+\.(?:js|css|svg))\}/g, (_, asset) => {
    if (!urls[asset]) throw new Error(`${name}.html names ${asset}, which is not built`);
    return urls[asset];
  });
  writeFileSync(join(DIST, `${name}.html`), filled);
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(join(DIST, "assets"), { recursive: true });
copy(join(MAPLIBRE, "maplibre-gl-worker.mjs"), withoutMapLink);
copy(join(MAPLIBRE, "maplibre-gl.css"));
copy(join(SOURCE, "icon.svg"));
const pages = await bundle();
pages.forEach(page);
await serviceWorker();
writeFileSync(join(DIST, "manifest.json"), JSON.stringify({ pages, urls }, null, 1));
