/** The map without WebGL: a canvas with a graticule, a scale and the same overlays, moved by hand, wheel and keys. */

import { graticule } from "../geo.js";
import { distance_words } from "../words.js";
import { fitBox, project, scaleBar, unproject } from "./mercator.js";
import { drawFeatures } from "./plaindraw.js";

const KEYS = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
/** A page's sheet may lie this far over the map's lower edge. */
const SHEET_EDGE_PX = 20;
const [WIDEST, CLOSEST] = [1, 19];

export class PlainMap {
  kind = "plain";
  #data = {};
  #moved = [];
  #picked = [];
  #pending = false;
  #pen = null;

  constructor(container, { palette, centre, zoom }) {
    Object.assign(this, { container, palette, centre, zoom });
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "Map; arrow keys move it, plus and minus zoom");
    this.canvas.className = "plain-map";
    container.replaceChildren(this.canvas);
    new ResizeObserver(() => this.#redraw()).observe(container);
    this.#listen();
    this.#redraw();
  }

  base() {}

  set(name, features) {
    this.#data[name] = features;
    this.#redraw();
  }

  fit(box, padding) {
    const { clientWidth, clientHeight } = this.container;
    Object.assign(this, fitBox(box, clientWidth, clientHeight, padding));
    this.#turned(false);
  }

  goTo(place, zoom = this.zoom) {
    Object.assign(this, { centre: place, zoom });
    this.#turned(false);
  }

  bounds() {
    const { clientWidth: width, clientHeight: height } = this.container;
    const [a, b] = [this.place({ x: 0, y: 0 }), this.place({ x: width, y: height })];
    return { west: a.lng, south: b.lat, east: b.lng, north: a.lat };
  }

  pixel(place) {
    const [point, middle] = [project(place, this.zoom), project(this.centre, this.zoom)];
    return { x: point.x - middle.x + this.container.clientWidth / 2, y: point.y - middle.y + this.container.clientHeight / 2 };
  }

  place({ x, y }) {
    const middle = project(this.centre, this.zoom);
    return unproject({ x: middle.x + x - this.container.clientWidth / 2, y: middle.y + y - this.container.clientHeight / 2 }, this.zoom);
  }

  resize() {
    this.#redraw();
  }

  onMoved(then) {
    this.#moved.push(then);
  }

  onPick(then) {
    this.#picked.push(then);
  }

  /** While there is a pen, {click(place), move(place)}, the pointer is its own and picks nobody; null takes it away. */
  draw(pen) {
    this.#pen = pen;
    this.canvas.style.cursor = pen ? "crosshair" : "";
  }

  onError() {}

  #listen() {
    let last = null;
    let travelled = 0;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      last = { x: event.clientX, y: event.clientY };
      travelled = 0;
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!last) return this.#pen?.move(this.place({ x: event.offsetX, y: event.offsetY }));
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      travelled += Math.abs(dx) + Math.abs(dy);
      last = { x: event.clientX, y: event.clientY };
      this.#pan(-dx, -dy);
    });
    this.canvas.addEventListener("pointerup", (event) => {
      last = null;
      if (travelled < 5) this.#pick({ x: event.offsetX, y: event.offsetY });
      else this.#turned(true);
    });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoomBy(-event.deltaY / 300);
    }, { passive: false });
    this.canvas.addEventListener("keydown", ({ key }) => this.#key(key));
  }

  #key(key) {
    if (KEYS[key]) {
      this.#pan(...KEYS[key]);
      this.#turned(true);
    } else if (key === "+" || key === "=") this.#zoomBy(0.5);
    else if (key === "-") this.#zoomBy(-0.5);
  }

  #pan(dx, dy) {
    this.centre = this.place({ x: this.container.clientWidth / 2 + dx, y: this.container.clientHeight / 2 + dy });
    this.#redraw();
  }

  #zoomBy(step) {
    this.zoom = Math.min(CLOSEST, Math.max(WIDEST, this.zoom + step));
    this.#turned(true);
  }

  #turned(byHand) {
    this.#redraw();
    for (const then of this.#moved) then(byHand);
  }

  #pick({ x, y }) {
    if (this.#pen) return this.#pen.click(this.place({ x, y }));
    const near = (this.#data.riders?.features ?? []).map((feature) => {
      const [lng, lat] = feature.geometry.coordinates;
      const at = this.pixel({ lat, lng });
      return { id: feature.properties.id, away: Math.hypot(at.x - x, at.y - y) };
    }).sort((a, b) => a.away - b.away)[0];
    for (const then of this.#picked) then(near && near.away < 22 ? near.id : null);
  }

  #redraw() {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.container;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = this.palette.land;
    context.fillRect(0, 0, width, height);
    drawFeatures(context, this, { ...this.#data, grid: graticule(this.bounds()) });
    this.#scale(context, height);
  }

  #scale(context, bottom) {
    const height = bottom - SHEET_EDGE_PX;
    const { metres, pixels } = scaleBar(this.centre.lat, this.zoom);
    context.strokeStyle = context.fillStyle = this.palette.name;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(12, height - 18);
    context.lineTo(12, height - 12);
    context.lineTo(12 + pixels, height - 12);
    context.lineTo(12 + pixels, height - 18);
    context.stroke();
    context.font = "12px system-ui, sans-serif";
    context.fillText(distance_words(metres), 16, height - 18);
  }
}
