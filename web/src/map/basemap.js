/**
 * Which map a page gets: WebGL when there is, else the plain canvas; on it the server's own city, else the configured
 * style, else a blank sheet with a graticule. A tile server that does not answer in PATIENCE_MS is done without; our own
 * city gets longer, since it is the browser that is slow then.
 */

import { PlainMap } from "./plainmap.js";
import { cityStyle } from "./style.js";
import { currentPalette } from "./palette.js";

export const PATIENCE_MS = 4_000;
const CITY_PATIENCE_MS = 30_000;
export const CITY_URL = "/tiles/city.pmtiles";
export const MANIFEST_URL = "/tiles/city.json";

/** What the server says at this address; nothing when it does not say it in time. */
async function readJson(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

export const readConfig = () => readJson("/config.json");

async function baseStyle(config, palette) {
  if (config.city) {
    const { attribution } = await readJson(MANIFEST_URL);
    return cityStyle(palette, new URL(CITY_URL, location.href).href, attribution);
  }
  if (!config.map_style_url) return null;
  const answer = await fetch(config.map_style_url, { signal: AbortSignal.timeout(PATIENCE_MS), referrerPolicy: "no-referrer" });
  return answer.ok ? answer.json() : null;
}

/** Lay the base under a WebGL map; whatever fails leaves the blank sheet. `container.dataset.base` says what came of it. */
async function layBase(map, container, config, palette) {
  let style = null;
  try {
    style = await baseStyle(config, palette);
  } catch (error) {
    console.info("no base map:", error.message);
  }
  if (style === null) return;
  map.base(style);
  if (await map.baseAnswers(config.city ? CITY_PATIENCE_MS : PATIENCE_MS)) {
    container.dataset.base = config.city ? "city" : "style";
  } else map.base(null);
}

/** Make the page's map. Resolves at once with a usable one; the base map follows by itself. */
export async function makeMap(container, config, { centre, zoom }) {
  const palette = currentPalette();
  container.dataset.base = "blank";
  const forced = new URLSearchParams(location.search).get("map");
  const gl = forced === "plain" ? null : await import("./glmap.js").catch(() => null);
  let map;
  try {
    if (!gl?.webGlWorks()) throw new Error("no WebGL");
    map = new gl.WebGlMap(container, { palette, centre, zoom });
    layBase(map, container, config, palette);
  } catch (error) {
    console.info("plain map:", error.message);
    map = new PlainMap(container, { palette, centre, zoom });
  }
  container.dataset.map = map.kind;
  return map;
}
