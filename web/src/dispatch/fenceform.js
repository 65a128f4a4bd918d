/** The form beside a fence that is drawn or edited. It fills, reads and clears fields; it knows no map and no server. */

import { find, say, show } from "../dom.js";
import { featureOf, fields } from "./fencebook.js";

const SIZE_WORDS = { Point: "Radius, m", LineString: "Width, m" };

export class FenceForm {
  /** `act` holds what the form asks for: save(), cancel(), sized(metres), undo(), middle(). */
  constructor(act) {
    this.form = find("#fence-form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      act.save();
    });
    find("#fence-cancel").addEventListener("click", () => act.cancel());
    find("#pen-undo").addEventListener("click", () => act.undo());
    find("#pen-middle").addEventListener("click", () => act.middle());
    this.form.elements.size.addEventListener("input", ({ target }) => Number(target.value) > 0 && act.sized(Number(target.value)));
  }

  /** Show the form for a geometry's kind with these properties; `drawing`: with the buttons of the pen. */
  open(kind, properties, drawing) {
    const words = SIZE_WORDS[kind];
    show(find("#fence-size"), Boolean(words));
    say(find("#fence-size span"), words ?? "");
    show(find("#fence-rider"), kind === "Point");
    show(find("#pen-middle"), drawing);
    show(find("#pen-undo"), drawing);
    for (const [name, value] of Object.entries(fields(properties))) {
      const input = this.form.elements[name];
      if (input.type === "checkbox") input.checked = value;
      else input.value = value;
    }
    show(this.form, true);
    this.form.elements.name.focus();
  }

  close() {
    show(this.form, false);
  }

  get isOpen() {
    return !this.form.hidden;
  }

  setSize(metres) {
    this.form.elements.size.value = Math.round(metres * 10) / 10;
  }

  /** The Feature that is meant; throws with words for the one who filled the form. */
  feature(geometry) {
    const inputs = [...this.form.elements].filter(({ name }) => name);
    const form = Object.fromEntries(inputs.map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value]));
    return featureOf(form, geometry);
  }
}
