/** Shapes on the ground are as large as they claim, and the plain map's arithmetic turns round. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bearing, boundsOf, cell, circle, distance_m, graticule, turn } from "../src/geo.js";
import { fitBox, metresPerPixel, project, scaleBar, unproject } from "../src/map/mercator.js";

const asPlace = ([lng, lat]) => ({ lat, lng });

test("an accuracy circle has its radius in metres on the ground at every latitude", () => {
  for (const lat of [-60, 0, 41.15, 70]) {
    const centre = { lat, lng: 12 };
    for (const corner of circle(centre, 120).geometry.coordinates[0]) {
      assert.ok(Math.abs(distance_m(centre, asPlace(corner)) - 120) < 0.1, `${lat}: ${distance_m(centre, asPlace(corner))}`);
    }
  }
});

test("a coarse cell holds exactly what rounds to its middle", () => {
  const ring = cell({ lat: 41.151, lng: -8.61 }, 3).geometry.coordinates[0].map(asPlace);
  const lats = ring.map((p) => p.lat);
  assert.ok(Math.abs(Math.max(...lats) - Math.min(...lats) - 0.001) < 1e-9);
  const height_m = distance_m({ lat: Math.min(...lats), lng: -8.61 }, { lat: Math.max(...lats), lng: -8.61 });
  assert.equal(Math.round(height_m), 111);
});

test("bearings go clockwise from north and turns take the short way", () => {
  const home = { lat: 41, lng: -8 };
  assert.deepEqual([{ lat: 42, lng: -8 }, { lat: 40, lng: -8 }].map((to) => Math.round(bearing(home, to))), [0, 180]);
  assert.deepEqual([turn(350, 10), turn(10, 350), turn(0, 180), turn(90, 90)], [20, -20, 180, 0]);
});

test("bounds hold every place and never collapse to a point", () => {
  const box = boundsOf([{ lat: 41, lng: -8 }]);
  assert.ok(box.west < -8 && box.east > -8 && box.south < 41 && box.north > 41);
  assert.equal(boundsOf([]), null);
});

test("projecting and unprojecting return the place", () => {
  for (const place of [{ lat: 41.15, lng: -8.61 }, { lat: -70, lng: 179 }, { lat: 0, lng: 0 }]) {
    const back = unproject(project(place, 13.4), 13.4);
    assert.ok(distance_m(place, back) < 0.01);
  }
});

test("a fitted box lies inside the free part of the screen", () => {
  const box = { west: -8.65, south: 41.13, east: -8.6, north: 41.17 };
  const padding = { top: 70, right: 50, bottom: 50, left: 420 };
  const { centre, zoom } = fitBox(box, 1280, 800, padding);
  const middle = project(centre, zoom);
  for (const corner of [{ lat: box.north, lng: box.west }, { lat: box.south, lng: box.east }]) {
    const { x, y } = project(corner, zoom);
    const [sx, sy] = [x - middle.x + 640, y - middle.y + 400];
    assert.ok(sx >= 419.9 && sx <= 1230.1 && sy >= 69.9 && sy <= 750.1, `${sx} ${sy}`);
  }
});

test("the scale bar shows a round length of at most its room", () => {
  for (let zoom = 2; zoom < 19; zoom += 0.7) {
    const { metres, pixels } = scaleBar(41, zoom, 100);
    assert.ok(pixels <= 100 && pixels > 15);
    assert.ok(/^[125]0*$/.test(String(metres)) || metres < 1, String(metres));
    assert.ok(Math.abs(pixels * metresPerPixel(41, zoom) - metres) < 1e-6 * metres);
  }
});

test("a graticule has a handful of lines at any zoom", () => {
  for (const width of [0.01, 0.5, 20, 360]) {
    const lines = graticule({ west: -8, south: 41, east: -8 + width, north: 41 + width / 3 }).features.length;
    assert.ok(lines >= 4 && lines < 60, `${width}: ${lines}`);
  }
});
