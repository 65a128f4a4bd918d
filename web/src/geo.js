/** Shapes on the ground as GeoJSON, and the arithmetic under them. Pure; degrees, metres. */

export const EARTH_M = 6_371_008.8;
const RAD = Math.PI / 180;

export function distance_m(a, b) {
  const half = Math.sin(((b.lat - a.lat) * RAD) / 2) ** 2
    + Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.sin(((b.lng - a.lng) * RAD) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Degrees clockwise from north, 0 ≤ bearing < 360. */
export function bearing(a, b) {
  const east = Math.sin((b.lng - a.lng) * RAD) * Math.cos(b.lat * RAD);
  const north = Math.cos(a.lat * RAD) * Math.sin(b.lat * RAD)
    - Math.sin(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.cos((b.lng - a.lng) * RAD);
  return (Math.atan2(east, north) / RAD + 360) % 360;
}

/** The signed shortest turn from one heading to another, -180 < turn ≤ 180. */
export function turn(from, to) {
  const difference = (((to - from) % 360) + 360) % 360;
  return difference > 180 ? difference - 360 : difference;
}

export const point = ({ lat, lng }, properties = {}) => ({
  type: "Feature", properties, geometry: { type: "Point", coordinates: [lng, lat] },
});

const polygon = (ring, properties) => ({
  type: "Feature", properties, geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] },
});

export const line = (places, properties = {}) => ({
  type: "Feature", properties, geometry: { type: "LineString", coordinates: places.map(({ lat, lng }) => [lng, lat]) },
});

export const collection = (features) => ({ type: "FeatureCollection", features });

/** A circle that is `radius_m` on the ground, whatever the projection and the latitude. */
export function circle({ lat, lng }, radius_m, properties = {}, corners = 48) {
  const reach = radius_m / EARTH_M / RAD;
  const ring = Array.from({ length: corners }, (_, i) => {
    const angle = (i / corners) * 2 * Math.PI;
    return [lng + (reach * Math.sin(angle)) / Math.cos(lat * RAD), lat + reach * Math.cos(angle)];
  });
  return polygon(ring, properties);
}

/** All places that round to this one at `precision` decimals: what a coarse position really says. */
export function cell({ lat, lng }, precision, properties = {}) {
  const half = 0.5 * 10 ** -precision;
  return polygon([[lng - half, lat - half], [lng + half, lat - half], [lng + half, lat + half], [lng - half, lat + half]], properties);
}

/** The smallest {west, south, east, north} round some places, grown to at least `least_m` across; null when there are none. */
export function boundsOf(places, least_m = 300) {
  if (places.length === 0) return null;
  const lats = places.map((p) => p.lat);
  const lngs = places.map((p) => p.lng);
  const box = { west: Math.min(...lngs), south: Math.min(...lats), east: Math.max(...lngs), north: Math.max(...lats) };
  const half = least_m / 2 / EARTH_M / RAD;
  const wide = half / Math.cos(((box.south + box.north) / 2) * RAD);
  const [lat, lng] = [(box.south + box.north) / 2, (box.west + box.east) / 2];
  return {
    west: Math.min(box.west, lng - wide), east: Math.max(box.east, lng + wide),
    south: Math.min(box.south, lat - half), north: Math.max(box.north, lat + half),
  };
}

const STEPS_DEGREES = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/** Meridians and parallels for a map without a base: about `wanted` lines across the box, at round degrees. */
export function graticule({ west, south, east, north }, wanted = 6) {
  const step = STEPS_DEGREES.find((degrees) => (east - west) / degrees >= wanted) ?? STEPS_DEGREES.at(-1);
  const lines = [];
  for (let i = Math.ceil(west / step); i * step <= east; i++) lines.push(line([{ lat: south, lng: i * step }, { lat: north, lng: i * step }]));
  for (let i = Math.ceil(south / step); i * step <= north; i++) lines.push(line([{ lat: i * step, lng: west }, { lat: i * step, lng: east }]));
  return collection(lines);
}
