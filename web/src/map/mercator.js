/** Web Mercator in CSS pixels of a 512-pixel world, as MapLibre counts zoom. Pure. */

const WORLD = 512;
export const STEEPEST = 85.05112878;

export const worldSize = (zoom) => WORLD * 2 ** zoom;

export function project({ lat, lng }, zoom) {
  const size = worldSize(zoom);
  const sine = Math.sin((Math.min(STEEPEST, Math.max(-STEEPEST, lat)) * Math.PI) / 180);
  return { x: ((lng + 180) / 360) * size, y: (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size };
}

export function unproject({ x, y }, zoom) {
  const size = worldSize(zoom);
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / size))) * 180) / Math.PI;
  return { lat, lng: (x / size) * 360 - 180 };
}

export const metresPerPixel = (lat, zoom) => (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / worldSize(zoom);

/** How many pixels a length on the ground takes at zoom 0; each zoom doubles them. */
export const pixelsAtZoom0 = (lat, metres) => metres / metresPerPixel(lat, 0);

/** The centre and the largest zoom at which a box fits into width × height pixels less `padding` on each side. */
export function fitBox({ west, south, east, north }, width, height, padding, most = 16) {
  const [a, b] = [project({ lat: north, lng: west }, 0), project({ lat: south, lng: east }, 0)];
  const room = (pixels, pad) => Math.max(40, pixels - pad);
  const scale = Math.min(
    room(width, padding.left + padding.right) / Math.max(1e-9, b.x - a.x),
    room(height, padding.top + padding.bottom) / Math.max(1e-9, b.y - a.y),
  );
  const zoom = Math.min(most, Math.log2(scale));
  const middle = project(unproject({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, 0), zoom);
  const shift = { x: (padding.right - padding.left) / 2, y: (padding.bottom - padding.top) / 2 };
  return { centre: unproject({ x: middle.x + shift.x, y: middle.y + shift.y }, zoom), zoom };
}

/** A round length (1, 2 or 5 × 10ⁿ metres) of at most `widest` pixels: {metres, pixels}. */
export function scaleBar(lat, zoom, widest = 100) {
  const most = metresPerPixel(lat, zoom) * widest;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((n) => n * power).find((length) => length <= most);
  return { metres, pixels: metres / metresPerPixel(lat, zoom) };
}
