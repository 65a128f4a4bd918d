/** Which area a dispatcher's map asks for: more than it shows, so that small moves ask for nothing. Pure. */

export const WORLD = { west: -180, south: -85, east: 180, north: 85 };
const MARGIN = 0.25;
/** An area this many times wider than the view shows too much: ask for a smaller one. */
const TOO_WIDE = 3;

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const round = (degrees) => Math.round(degrees * 1e4) / 1e4;

export function channelOf({ west, south, east, north }) {
  return `area:${[west, south, east, north].join(",")}`;
}

/** The view grown on each side, inside the world and at four decimals. */
export function grown({ west, south, east, north }) {
  const [wide, high] = [(east - west) * MARGIN, (north - south) * MARGIN];
  return {
    west: round(clamp(west - wide, WORLD.west, 179.999)), south: round(clamp(south - high, WORLD.south, 84.999)),
    east: round(clamp(east + wide, -179.999, WORLD.east)), north: round(clamp(north + high, -84.999, WORLD.north)),
  };
}

/** Whether an area asked for before still serves this view: it holds it and is not much larger. */
export function serves(area, view) {
  const holds = area.west <= clamp(view.west, WORLD.west, 180) && area.east >= clamp(view.east, -180, WORLD.east)
    && area.south <= clamp(view.south, WORLD.south, 90) && area.north >= clamp(view.north, -90, WORLD.north);
  return holds && area.east - area.west <= TOO_WIDE * (view.east - view.west);
}
