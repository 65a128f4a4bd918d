/** Paints GeoJSON overlays on a canvas, bottom to top, with the same looks as the WebGL layers in style.js. */

import { drawIcon, SIZE } from "./icons.js";

const ORDER = ["grid", "area", "fences", "trail", "places", "clusters", "riders"];
const icons = new Map();

function icon(name, palette) {
  const key = `${name} ${palette.rider}`;
  if (!icons.has(key)) icons.set(key, drawIcon(name, palette));
  return icons.get(key);
}

function trace(context, map, rows) {
  context.beginPath();
  for (const row of rows) {
    row.forEach(([lng, lat], i) => {
      const { x, y } = map.pixel({ lat, lng });
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
  }
}

function stroke(context, color, width, alpha) {
  context.globalAlpha = alpha;
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = context.lineCap = "round";
  context.stroke();
  context.globalAlpha = 1;
}

function stamp(context, map, feature, name, turned = 0, size = SIZE) {
  const [lng, lat] = feature.geometry.coordinates;
  const { x, y } = map.pixel({ lat, lng });
  context.save();
  context.translate(x, y);
  context.rotate((turned * Math.PI) / 180);
  const image = icon(name, map.palette);
  if (image) context.drawImage(image, -size / 2, -size / 2, size, size);
  context.restore();
}

const FENCE_COLOURS = { draft: "draft", alert: "alert", chosen: "chosen" };

/** A fence: a filled outline, a corridor as wide as it is on the ground, or a handle of the draft. */
function fence(context, map, { geometry, properties }) {
  const color = map.palette[FENCE_COLOURS[properties.state] ?? "fence"];
  const isCalm = properties.state === "calm";
  if (properties.handle) return handle(context, map, geometry.coordinates, color);
  const rings = { LineString: [geometry.coordinates], Polygon: geometry.coordinates, MultiPolygon: geometry.coordinates.flat() }[geometry.type];
  trace(context, map, rings);
  if (properties.px) stroke(context, color, properties.px * 2 ** map.zoom, isCalm ? 0.22 : 0.35);
  else if (geometry.type !== "LineString") {
    context.globalAlpha = isCalm ? 0.1 : 0.2;
    context.fillStyle = color;
    context.fill("evenodd");
  }
  context.setLineDash(properties.state === "draft" ? [6, 4] : []);
  stroke(context, color, isCalm ? 1.6 : 2.6, 0.9);
  context.setLineDash([]);
  if (properties.name) label(context, map, rings[0], properties.name, color);
}

function handle(context, map, [lng, lat], color) {
  const { x, y } = map.pixel({ lat, lng });
  context.beginPath();
  context.arc(x, y, 5.5, 0, 2 * Math.PI);
  context.fillStyle = map.palette.halo;
  context.fill();
  stroke(context, color, 2.5, 1);
}

/** A name in the middle of a ring, or of a way. */
function label(context, map, ring, name, color) {
  const pixels = ring.map(([lng, lat]) => map.pixel({ lat, lng }));
  const middle = (axis) => (Math.min(...pixels.map((at) => at[axis])) + Math.max(...pixels.map((at) => at[axis]))) / 2;
  const [x, y] = [middle("x"), middle("y")];
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = map.palette.halo;
  context.strokeText(name, x, y);
  context.fillStyle = color;
  context.fillText(name, x, y);
  context.textAlign = "start";
  context.textBaseline = "alphabetic";
}

const PAINT = {
  fences: fence,
  grid(context, map, { geometry }) {
    trace(context, map, [geometry.coordinates]);
    stroke(context, map.palette.grid, 1, 1);
  },
  area(context, map, { geometry, properties }) {
    trace(context, map, geometry.coordinates);
    context.globalAlpha = properties.kind === "cell" ? 0.22 : 0.13;
    context.fillStyle = map.palette.area;
    context.fill();
    stroke(context, map.palette.area, properties.kind === "cell" ? 1.8 : 1, properties.kind === "cell" ? 0.8 : 0.35);
  },
  trail(context, map, { geometry }) {
    trace(context, map, [geometry.coordinates]);
    stroke(context, map.palette.trail, 4, 0.55);
  },
  places(context, map, feature) {
    stamp(context, map, feature, feature.properties.kind);
  },
  riders(context, map, feature) {
    const { stale, chosen, heading } = feature.properties;
    const name = chosen ? "rider-chosen" : stale ? "rider-stale" : "rider";
    stamp(context, map, feature, name, heading, map.zoom < 13 ? SIZE * 0.7 : SIZE);
  },
  clusters(context, map, { geometry, properties }) {
    const [lng, lat] = geometry.coordinates;
    const { x, y } = map.pixel({ lat, lng });
    context.fillStyle = map.palette.cluster;
    context.beginPath();
    context.arc(x, y, Math.min(34, 10 + Math.sqrt(properties.count)), 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = map.palette.riderInk;
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(properties.count), x, y);
    context.textAlign = "start";
    context.textBaseline = "alphabetic";
  },
};

export function drawFeatures(context, map, data) {
  for (const name of ORDER) for (const feature of data[name]?.features ?? []) PAINT[name](context, map, feature);
}
