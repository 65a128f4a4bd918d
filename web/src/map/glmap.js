/** The map with WebGL: MapLibre with our overlays. Same verbs as plainmap.js; a page need not know which it has. */

import { Map as GlMap, NavigationControl, ScaleControl, addProtocol, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";

import { graticule } from "../geo.js";
import { Changes } from "./changes.js";
import { drawIcon } from "./icons.js";
import { blankStyle, withOverlays } from "./style.js";

setWorkerUrl(MAPLIBRE_WORKER_URL);
addProtocol("pmtiles", new Protocol().tile);

export class WebGlMap {
  kind = "gl";
  #map;
  #data = {};
  #changes = new Changes();
  #palette;
  #blank = true;
  #pen = null;

  constructor(container, { palette, centre, zoom }) {
    this.#palette = palette;
    this.#map = new GlMap({
      container, center: [centre.lng, centre.lat], zoom, style: withOverlays(blankStyle(palette), palette, {}),
      attributionControl: { compact: true }, dragRotate: false, pitchWithRotate: false, maxPitch: 0, fadeDuration: 0,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.#map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
    this.#map.setMissingStyleImageResolver(async (id) => this.#addIcon(id));
    this.#map.on("moveend", () => this.#drawGrid());
    this.#map.on("load", () => this.#drawGrid());
    this.#map.on("click", ({ lngLat }) => this.#pen?.click({ lat: lngLat.lat, lng: lngLat.lng }));
    this.#map.on("mousemove", ({ lngLat }) => this.#pen?.move({ lat: lngLat.lat, lng: lngLat.lng }));
  }

  /** Put a base style under the overlays; null takes it away again. */
  base(style) {
    this.#blank = style === null;
    this.#map.setStyle(withOverlays(style ?? blankStyle(this.#palette), this.#palette, this.#data), { diff: false });
    this.#drawGrid();
  }

  set(name, features) {
    this.#data[name] = features;
    const source = this.#map.getSource(name);  // another one after each change of the base
    if (source && this.#changes.take(source, features)) source.setData(features);
  }

  fit({ west, south, east, north }, padding, swift = false) {
    this.#map.fitBounds([[west, south], [east, north]], { padding, maxZoom: 16, ...(swift && { animate: false }) });
  }

  goTo({ lat, lng }, zoom = this.#map.getZoom(), padding = undefined) {
    this.#map.easeTo({ center: [lng, lat], zoom, padding });
  }

  bounds() {
    const box = this.#map.getBounds();
    return { west: box.getWest(), south: box.getSouth(), east: box.getEast(), north: box.getNorth() };
  }

  /** Pixel place of a coordinate inside the container. */
  pixel({ lat, lng }) {
    return this.#map.project([lng, lat]);
  }

  resize() {
    this.#map.resize();
  }

  /** `then(byHand)` after each movement of the view. */
  onMoved(then) {
    this.#map.on("moveend", (event) => then(Boolean(event.originalEvent)));
  }

  /** While there is a pen, {click(place), move(place)}, the pointer is its own and picks nobody; null takes it away. */
  draw(pen) {
    this.#pen = pen;
    this.#map.getCanvas().style.cursor = pen ? "crosshair" : "";
    this.#map.doubleClickZoom[pen ? "disable" : "enable"]();
  }

  /** `then(id)` when a rider is clicked; null beside every rider. */
  onPick(then) {
    this.#map.on("click", ({ point }) => {
      if (this.#pen) return;
      const reach = 10;
      const box = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
      const layers = ["clusters", "riders"].filter((id) => this.#map.getLayer(id));
      const [found] = this.#map.queryRenderedFeatures(box, { layers });
      if (found?.layer.id === "clusters") this.#map.easeTo({ center: found.geometry.coordinates, zoom: this.#map.getZoom() + 2 });
      else then(found?.properties.id ?? null);
    });
  }

  /** Resolves false when the base style shows no tile within `patience_ms`, true as soon as one is there. */
  baseAnswers(patience_ms) {
    return new Promise((resolve) => {
      const seen = (event) => event.tile && !this.#isOverlay(event.sourceId) && done(true);
      const timer = setTimeout(() => done(false), patience_ms);
      const done = (answered) => {
        clearTimeout(timer);
        this.#map.off("sourcedata", seen);
        resolve(answered);
      };
      this.#map.on("sourcedata", seen);
    });
  }

  onError(then) {
    this.#map.on("error", ({ error }) => then(error));
  }

  #isOverlay(source) {
    return source in this.#data || source === "grid";
  }

  #addIcon(id) {
    const canvas = drawIcon(id, this.#palette);
    if (!canvas || this.#map.hasImage(id)) return;
    const { width, height } = canvas;
    this.#map.addImage(id, canvas.getContext("2d").getImageData(0, 0, width, height), { pixelRatio: 2 });
  }

  #drawGrid() {
    this.#map.getSource("grid")?.setData(this.#blank ? graticule(this.bounds()) : { type: "FeatureCollection", features: [] });
  }
}

export function webGlWorks() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
