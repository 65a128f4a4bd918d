/** The REST side for pages: bearer token, JSON both ways, and problems as errors that say what the server said. */

const PATIENCE_MS = 10_000;
const UPLOAD_PATIENCE_MS = 90_000;

export class Problem extends Error {
  constructor(status, { detail, title, code } = {}) {
    super(detail ?? title ?? (status ? `The server answered ${status}` : "The server cannot be reached"));
    Object.assign(this, { status, code: code ?? null });
  }
}

export class Rest {
  constructor(token) {
    this.token = token;
  }

  get(path) {
    return this.#call("GET", path);
  }

  post(path, body = null) {
    return this.#call("POST", path, body);
  }

  put(path, body = null) {
    return this.#call("PUT", path, body);
  }

  delete(path) {
    return this.#call("DELETE", path);
  }

  /** The bytes of a file that needs the token. */
  async blob(path) {
    const answer = await this.#ask("GET", path);
    if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
    return answer.blob();
  }

  /** Send a file up as a form's field `file`; large ones take their time. */
  upload(path, file) {
    const form = new FormData();
    form.append("file", file, file.name);
    return this.#call("POST", path, form);
  }

  async #ask(method, path, body = null) {
    const headers = { Authorization: `Bearer ${this.token}`, Accept: "application/json" };
    const isForm = body instanceof FormData;
    if (body !== null && !isForm) headers["Content-Type"] = "application/json";
    const signal = AbortSignal.timeout(isForm ? UPLOAD_PATIENCE_MS : PATIENCE_MS);
    try {
      return await fetch(`/api/${path}`, { method, headers, body: isForm ? body : body && JSON.stringify(body), signal });
    } catch {
      throw new Problem(0);
    }
  }

  async #call(method, path, body = null) {
    const answer = await this.#ask(method, path, body);
    const content = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (!answer.ok) throw new Problem(answer.status, content ?? {});
    return content;
  }
}
