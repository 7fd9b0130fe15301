// Answers of the gateway, with a token or a signed link where one is needed.

const KEPT = "gateway-token"; // for this tab only: sessionStorage ends with it

const MEANINGS = {
  401: "The gateway asks for a valid token, or the link has run out.",
  403: "This token or link does not open that file.",
  404: "There is no such file, or it may not be read.",
  413: "The file is too large.",
  415: "The file is no label map.",
  422: "What was asked for cannot be read.",
  503: "The gateway is busy; try again soon.",
  507: "The gateway's disk is full.",
};

const UNKNOWN = "This gateway asks who you are.";
const REFUSED = "That token was not accepted.";
const BROKEN_OFF = "The gateway cannot be reached, or the connection broke off; load the page again.";
const RUN_OUT = "The link has run out; a token opens the file too.";

/** An answer that is no success; its message is for a person. */
export class AnswerError extends Error {
  constructor(status, detail) {
    const meaning = MEANINGS[status] ?? `The gateway answered ${status}.`;
    super(detail && !meaning.includes(detail) ? `${meaning} ${detail}` : meaning);
    this.status = status;
  }
}

/** Asks the gateway that this page came from. */
export class Gateway {
  #link;
  #ask;

  /**
   * @param {string|null} link A signed link's claims, passed on with every question.
   * @param {(reason: string) => Promise<string>} ask Asks the person for a token, saying why;
   *     empty when they decline.
   */
  constructor(link, ask) {
    this.#link = link;
    this.#ask = ask;
  }

  /** The address of a file below one of the gateway's routes; its parts are escaped. */
  #address(route, path, parameters) {
    const parts = path.split("/").filter((part) => part !== "");
    // A browser would resolve these, and ask another route of the gateway, token and all.
    if (parts.some((part) => /^\.+$/.test(part))) throw new AnswerError(404);
    const address = new URL([route, ...parts.map(encodeURIComponent)].join("/"), document.baseURI);
    for (const [name, value] of Object.entries(parameters)) {
      if (value) address.searchParams.set(name, value);
    }
    if (this.#link && !sessionStorage.getItem(KEPT)) address.searchParams.set("link", this.#link);
    return address;
  }

  async #answer(route, path, parameters) {
    for (;;) {
      const token = sessionStorage.getItem(KEPT);
      const headers = token ? { Authorization: `Bearer ${token}` } : {};
      const address = this.#address(route, path, parameters);
      const answer = await connected(
        fetch(address, { headers, credentials: "omit", redirect: "error" }),
      );
      if (answer.ok) return answer;
      if (answer.status !== 401) throw new AnswerError(answer.status, await detailOf(answer));
      const fresh = await this.#ask(token ? REFUSED : this.#link ? RUN_OUT : UNKNOWN);
      if (!fresh) throw new AnswerError(401);
      sessionStorage.setItem(KEPT, fresh);
    }
  }

  /** The JSON at an address. */
  async json(route, path, parameters = {}) {
    return (await this.#answer(route, path, parameters)).json();
  }

  /**
   * The bytes at an address.
   * @param {(share: number) => void} heard Told the share that has arrived, where it is known.
   */
  async blob(route, path, parameters = {}, heard = () => {}) {
    const answer = await this.#answer(route, path, parameters);
    const total = Number(answer.headers.get("Content-Length"));
    const pieces = [];
    let arrived = 0;
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await connected(reader.read());
      if (done) break;
      pieces.push(value);
      arrived += value.length;
      if (total) heard(Math.min(arrived / total, 1));
    }
    return new Blob(pieces);
  }
}

/** What a request gives; a browser's own words for a lost connection help nobody. */
async function connected(asked) {
  try {
    return await asked;
  } catch (error) {
    throw new Error(BROKEN_OFF, { cause: error });
  }
}

/** What the gateway says of a failure, if it says it in words. */
async function detailOf(answer) {
  try {
    const { detail } = await answer.json();
    const parts = Array.isArray(detail) ? detail.map(({ msg }) => msg) : [detail];
    return parts.filter((part) => typeof part === "string").join("; ");
  } catch {
    return "";
  }
}
