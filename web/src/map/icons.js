/** The markers, drawn on a canvas so that no image is fetched and each theme has its colours. */

export const SIZE = 44;

const HOUSE = "M22 12 L32 20.5 V32 H25.5 V25.5 H18.5 V32 H12 V20.5 Z";
const SHOP = "M13 13 H31 L33.5 19.5 A3 3 0 0 1 27.7 20.5 A3 3 0 0 1 22 20.5 A3 3 0 0 1 16.3 20.5 A3 3 0 0 1 10.5 19.5 Z M14 24.5 H30 V32 H14 Z";
const ARROW = "M22 12.5 L29.5 30 L22 26.2 L14.5 30 Z";

function disc(context, fill, radius = 15) {
  context.shadowColor = "rgb(0 0 0 / 0.35)";
  context.shadowBlur = 4;
  context.shadowOffsetY = 1;
  context.fillStyle = fill;
  context.beginPath();
  context.arc(22, 22, radius, 0, 2 * Math.PI);
  context.fill();
  context.shadowColor = "transparent";
  context.lineWidth = 2.5;
  context.strokeStyle = "#ffffff";
  context.stroke();
}

function badge(context, fill, ink, shape, scale = 0.72, radius = 15) {
  disc(context, fill, radius);
  context.translate(22, 22);
  context.scale(scale, scale);
  context.translate(-22, -22);
  context.fillStyle = ink;
  context.fill(new Path2D(shape));
}

const DRAWINGS = {
  rider: (c, p) => badge(c, p.rider, p.riderInk, ARROW, 0.82),
  "rider-stale": (c, p) => badge(c, p.stale, "#ffffff", ARROW, 0.82),
  "rider-chosen": (c, p) => badge(c, p.chosen, "#ffffff", ARROW, 0.95, 18),
  pickup: (c, p) => badge(c, p.pickup, p.halo, SHOP),
  dropoff: (c, p) => badge(c, p.dropoff, p.halo, HOUSE),
};

/** A canvas of SIZE × SIZE CSS pixels with the named marker; null for a name that is none of ours. */
export function drawIcon(name, palette, ratio = 2) {
  const draw = DRAWINGS[name];
  if (!draw) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  draw(context, palette);
  return canvas;
}
