/**
 * Keeps unacknowledged points over reloads and crashes of the page: points in IndexedDB, the next number and the
 * install's name in localStorage (read and written at once, so that no number is ever used twice).
 */

const STORE = "points";

function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "seq" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Shelf {
  #database;

  /** One shelf per rider: two who share a phone do not mix their rides. */
  static async open(rider) {
    const shelf = new Shelf();
    shelf.key = `ridewire.ride.${rider}`;
    shelf.#database = await openDatabase(shelf.key);
    return shelf;
  }

  /** The install's name, made once. */
  get client() {
    const known = localStorage.getItem(`${this.key}.client`);
    if (known) return known;
    const made = `web-${crypto.randomUUID()}`;
    localStorage.setItem(`${this.key}.client`, made);
    return made;
  }

  get nextSeq() {
    return Number(localStorage.getItem(`${this.key}.seq`) ?? 1);
  }

  set nextSeq(seq) {
    localStorage.setItem(`${this.key}.seq`, String(seq));
  }

  /** All points kept, ascending. */
  points() {
    const request = this.#database.transaction(STORE).objectStore(STORE).getAll();
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  put(point) {
    this.#database.transaction(STORE, "readwrite").objectStore(STORE).put(point);
  }

  remove(seqs) {
    const store = this.#database.transaction(STORE, "readwrite").objectStore(STORE);
    for (const seq of seqs) store.delete(seq);
  }
}
