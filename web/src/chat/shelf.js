/** Keeps unsent messages over reloads and crashes of the page, in IndexedDB; without it (a private window) in memory only. */

const STORE = "letters";

function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "client_id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Shelf {
  #database;

  constructor(database) {
    this.#database = database;
  }

  /** One shelf per person: two who share a device do not send each other's messages. */
  static async open(sub) {
    return new Shelf(await openDatabase(`ridewire.chat.${sub}`).catch(() => null));
  }

  letters() {
    if (!this.#database) return Promise.resolve([]);
    const request = this.#database.transaction(STORE).objectStore(STORE).getAll();
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  put(letter) {
    this.#change((store) => store.put(letter));
  }

  remove(client_id) {
    this.#change((store) => store.delete(client_id));
  }

  #change(work) {
    if (this.#database) work(this.#database.transaction(STORE, "readwrite").objectStore(STORE));
  }
}
