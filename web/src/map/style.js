/**
 * Map styles made here: a blank sheet with a graticule, a city from our own PMTiles (OpenMapTiles layer names), and the
 * layers of moving things that lie on top of any base. Pure: a palette in, a MapLibre style out.
 */

import { collection } from "../geo.js";

export const OVERLAYS = ["grid", "area", "fences", "trail", "places", "riders", "clusters"];
const FONT = ["Noto Sans Regular"];
const OSM = "© OpenStreetMap contributors";
const OSM_LINK = `<a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener noreferrer">${OSM}</a>`;

/** A city's credit as the map wants it, which is HTML: nothing of the text can be markup, OpenStreetMap gets its link. */
export function creditOf(attribution = OSM) {
  const escaped = attribution.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return escaped.replace(OSM, OSM_LINK);
}

export function blankStyle(palette) {
  return { version: 8, sources: {}, layers: [{ id: "land", type: "background", paint: { "background-color": palette.land } }] };
}

const byZoom = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const classIs = (...names) => ["match", ["get", "class"], names, true, false];

const fill = (id, layer, color, filter) => ({
  id, type: "fill", source: "city", "source-layer": layer, paint: { "fill-color": color }, ...(filter && { filter }),
});

const road = (id, color, width, filter, more = {}) => ({
  id, type: "line", source: "city", "source-layer": "transportation", filter,
  layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color, "line-width": width, ...more },
});

const BIG = ["motorway", "trunk"];
const MAIN = ["primary", "secondary", "tertiary"];
const SMALL = ["minor", "service", "residential", "unclassified", "living_street"];
const WALK = ["path", "track", "pedestrian", "footway", "cycleway", "steps"];

function roads(palette) {
  return [
    road("paths", palette.path, byZoom(13, 0.4, 18, 3), classIs(...WALK), { "line-dasharray": [2, 1.5] }),
    road("rails", palette.rail, byZoom(11, 0.4, 18, 2.5), classIs("rail", "transit")),
    road("minor-casing", palette.casing, byZoom(12, 0.5, 14, 2.6, 18, 17), classIs(...SMALL)),
    road("main-casing", palette.casing, byZoom(8, 0.6, 14, 5.2, 18, 25), classIs(...MAIN)),
    road("big-casing", palette.casing, byZoom(6, 0.8, 14, 7, 18, 30), classIs(...BIG)),
    road("minor", palette.minor, byZoom(12, 0.2, 14, 1.7, 18, 15), classIs(...SMALL)),
    road("main", palette.major, byZoom(8, 0.3, 14, 4, 18, 22), classIs(...MAIN)),
    road("big", palette.motorway, byZoom(6, 0.5, 14, 5.5, 18, 27), classIs(...BIG)),
  ];
}

function names(palette) {
  const paint = { "text-color": palette.name, "text-halo-color": palette.halo, "text-halo-width": 1.4 };
  const name = ["coalesce", ["get", "name:latin"], ["get", "name"]];
  return [
    { id: "street-names", type: "symbol", source: "city", "source-layer": "transportation_name", minzoom: 13, paint,
      layout: { "symbol-placement": "line", "text-field": name, "text-font": FONT, "text-size": byZoom(13, 10, 18, 14) } },
    { id: "place-names", type: "symbol", source: "city", "source-layer": "place", maxzoom: 15,
      paint: { ...paint, "text-color": palette.place },
      layout: { "text-field": name, "text-font": FONT, "text-size": byZoom(8, 11, 14, 16), "text-max-width": 8 } },
  ];
}

/** The city out of one PMTiles file at `url`, which must answer Range requests; `attribution` is its manifest's. */
export function cityStyle(palette, url, attribution) {
  return {
    version: 8,
    sources: { city: { type: "vector", url: `pmtiles://${url}`, attribution: creditOf(attribution) } },
    layers: [
      ...blankStyle(palette).layers,
      fill("built", "landuse", palette.built),
      fill("green", "landcover", palette.green),
      fill("parks", "park", palette.green),
      fill("water", "water", palette.water),
      { id: "rivers", type: "line", source: "city", "source-layer": "waterway", paint: { "line-color": palette.water, "line-width": byZoom(9, 0.6, 18, 8) } },
      fill("buildings", "building", palette.building),
      ...roads(palette),
      ...names(palette),
    ],
  };
}

const iconName = ["case", ["boolean", ["get", "chosen"], false], "rider-chosen", ["boolean", ["get", "stale"], false], "rider-stale", "rider"];

/** Fences: filled and edged, corridors as wide as they are on the ground, a draft with handles, names from afar. */
function fenceLayers(palette) {
  const state = ["get", "state"];
  const color = ["match", state, "draft", palette.draft, "alert", palette.alert, "chosen", palette.chosen, palette.fence];
  const strong = ["match", state, "calm", 0.1, 0.2];
  const wide = ["interpolate", ["exponential", 2], ["zoom"], 0, ["get", "px"], 24, ["*", ["get", "px"], 2 ** 24]];
  const ink = { "text-color": color, "text-halo-color": palette.halo, "text-halo-width": 1.6 };
  const name = { "text-field": ["get", "name"], "text-font": FONT, "text-size": 13, "text-max-width": 9 };
  const [isWay, isHandle] = [["has", "px"], ["has", "handle"]];
  return [
    { id: "fence-fill", type: "fill", source: "fences", filter: ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false], paint: { "fill-color": color, "fill-opacity": strong } },
    { id: "fence-way", type: "line", source: "fences", filter: isWay, layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": color, "line-opacity": ["match", state, "calm", 0.22, 0.35], "line-width": wide } },
    { id: "fence-edge", type: "line", source: "fences", filter: ["!", ["any", isHandle, ["==", state, "draft"]]], layout: { "line-join": "round" },
      paint: { "line-color": color, "line-width": ["match", state, "calm", 1.6, 2.6], "line-opacity": 0.9 } },
    { id: "fence-draft", type: "line", source: "fences", filter: ["all", ["==", state, "draft"], ["!", isHandle]], layout: { "line-join": "round" },
      paint: { "line-color": color, "line-width": 2.4, "line-dasharray": [2, 1.5] } },
    { id: "fence-handles", type: "circle", source: "fences", filter: isHandle,
      paint: { "circle-radius": 5.5, "circle-color": palette.halo, "circle-stroke-color": color, "circle-stroke-width": 2.5 } },
    { id: "fence-names", type: "symbol", source: "fences", filter: ["all", ["has", "name"], ["!", isWay]], minzoom: 11, paint: ink, layout: name },
    { id: "fence-way-names", type: "symbol", source: "fences", filter: ["all", ["has", "name"], isWay], minzoom: 11, paint: ink, layout: { ...name, "symbol-placement": "line-center" } },
  ];
}

function overlayLayers(palette) {
  const ring = ["==", ["get", "kind"], "cell"];
  return [
    { id: "grid", type: "line", source: "grid", paint: { "line-color": palette.grid, "line-width": 1 } },
    { id: "area-fill", type: "fill", source: "area", paint: { "fill-color": palette.area, "fill-opacity": ["case", ring, 0.22, 0.13] } },
    { id: "area-edge", type: "line", source: "area", paint: { "line-color": palette.area, "line-opacity": ["case", ring, 0.8, 0.35], "line-width": ["case", ring, 1.8, 1] } },
    ...fenceLayers(palette),
    { id: "trail", type: "line", source: "trail", layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": palette.trail, "line-width": 4, "line-opacity": 0.55 } },
    { id: "places", type: "symbol", source: "places", layout: { "icon-image": ["get", "kind"], "icon-allow-overlap": true, "icon-ignore-placement": true } },
    { id: "clusters", type: "circle", source: "clusters",
      paint: { "circle-color": palette.cluster, "circle-opacity": 0.85, "circle-stroke-width": 4, "circle-stroke-color": palette.cluster,
        "circle-stroke-opacity": 0.25, "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 11, 30, 34] } },
    { id: "cluster-counts", type: "symbol", source: "clusters", paint: { "text-color": palette.riderInk },
      layout: { "text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 13, "text-allow-overlap": true } },
    { id: "riders", type: "symbol", source: "riders",
      layout: { "icon-image": iconName, "icon-rotate": ["get", "heading"], "icon-rotation-alignment": "map", "icon-allow-overlap": true,
        "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.42, 13, 0.72, 15, 1],
        "symbol-sort-key": ["case", ["boolean", ["get", "chosen"], false], 1, 0] } },
  ];
}

/** A base style with our sources and layers on top, filled with `data` (source name → FeatureCollection). */
export function withOverlays(base, palette, data) {
  const sources = { ...base.sources };
  for (const name of OVERLAYS) sources[name] = { type: "geojson", tolerance: 0.05, data: data[name] ?? collection([]) };
  return { ...base, sources, layers: [...base.layers, ...overlayLayers(palette)] };
}
