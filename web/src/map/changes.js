/** What each place shows, and whether that is news: what nobody moved is not drawn again.
 *  Drawing the same twenty-five times a second keeps a core busy, and a battery warm. */
export class Changes {
  #texts = new WeakMap();

  /** Whether these features differ from the place's last ones, which they are from now on. */
  take(place, features) {
    const text = JSON.stringify(features);
    const isNew = this.#texts.get(place) !== text;
    this.#texts.set(place, text);
    return isNew;
  }
}
