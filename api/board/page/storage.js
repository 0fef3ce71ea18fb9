// What is kept in this tab and in this browser; where the browser keeps nothing, only as long as the page is open.

class Kept {
  #storage;
  /** @type {Map<string, string>} */
  #here = new Map();

  /** @param {() => Storage} storage to look at it alone throws where it is blocked; to write to it, where it is full */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    return this.#here.get(name) ?? this.#tried((storage) => storage.getItem(name)) ?? null;
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.#here.set(name, value);
    this.#tried((storage) => storage.setItem(name, value));
  }

  /** @param {string} name */
  remove(name) {
    this.#here.delete(name);
    this.#tried((storage) => storage.removeItem(name));
  }

  /**
   * @template T
   * @param {(storage: Storage) => T} deed
   */
  #tried(deed) {
    try {
      return deed(this.#storage());
    } catch {
      return undefined;
    }
  }
}

export const tab = new Kept(() => sessionStorage);
export const browser = new Kept(() => localStorage);
