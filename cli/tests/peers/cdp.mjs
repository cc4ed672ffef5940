// The few parts of the Chrome DevTools Protocol that the browser tests need, over the browser's own debugging pipe:
// no port to find, nothing to install, and the browser ends when this process does.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
  "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--mute-audio", "--hide-scrollbars", "--no-proxy-server",
  "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
  "--ignore-certificate-errors",
];

export class Browser {
  #next = 1; #calls = new Map(); #pages = new Map(); #rest = "";

  static async launch(program) {
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), "sanswire-browser-"));
    browser.child = spawn(program, [...FLAGS, `--user-data-dir=${browser.profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    });
    browser.complaints = "";
    browser.child.stderr.on("data", (text) => { browser.complaints = (browser.complaints + text).slice(-4000); });
    browser.gone = new Promise((resolve) => browser.child.on("close", resolve));
    browser.gone.then(() => browser.#fail(`the browser ended: ${browser.complaints}`));
    browser.child.on("error", (error) => browser.#fail(String(error)));
    browser.child.stdio[3].on("error", () => {});
    browser.child.stdio[4].setEncoding("utf8").on("data", (text) => browser.#arrived(text));
    browser.version = (await browser.call("Browser.getVersion")).product;
    return browser;
  }

  call(method, params = {}, sessionId) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, method });
      this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    });
  }

  // A page of its own window and profile, of `width` by `height`.
  async page({ width = 1280, height = 900, dark = false, phone = false } = {}) {
    const { browserContextId } = await this.call("Target.createBrowserContext");
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.call(`${domain}.enable`);
    await page.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: phone });
    await page.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
    return page;
  }

  async close() {
    this.call("Browser.close").catch(() => {});
    await this.gone;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #arrived(text) {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      if (message.id === undefined) { this.#pages.get(message.sessionId)?.event(message.method, message.params); continue; }
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
      else call?.resolve(message.result);
    }
  }

  #fail(why) {
    for (const call of this.#calls.values()) call.reject(new Error(why));
    this.#calls.clear();
  }
}

export class Page {
  // What the page complained about: exceptions, console errors, violations of its policy, failed loads.
  faults = [];
  // WebSockets by request id: { url, status, closed }.
  sockets = new Map();
  #waiting = new Map();

  constructor(browser, session, target) { Object.assign(this, { browser, session, target }); }

  call(method, params) { return this.browser.call(method, params, this.session); }

  event(method, params) {
    if (method === "Runtime.exceptionThrown") this.faults.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Runtime.consoleAPICalled" && params.type === "error") this.faults.push(JSON.stringify(params.args.map((a) => a.value)));
    if (method === "Log.entryAdded" && params.entry.level === "error") this.faults.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    if (method === "Network.webSocketCreated") this.sockets.set(params.requestId, { url: params.url });
    if (method === "Network.webSocketHandshakeResponseReceived") Object.assign(this.sockets.get(params.requestId) ?? {}, { status: params.response.status });
    if (method === "Network.webSocketFrameError") this.faults.push(`${this.sockets.get(params.requestId)?.url}: ${params.errorMessage}`);
    this.#waiting.get(method)?.(params);
    this.#waiting.delete(method);
  }

  once(method) { return new Promise((resolve) => this.#waiting.set(method, resolve)); }

  async goto(url) {
    const loaded = this.once("Page.loadEventFired");
    const { errorText } = await this.call("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // Waits until `condition`, an expression over the document, holds; what it looks at changes attributes or text.
  async until(condition, milliseconds = 10000) {
    const held = await this.evaluate(`new Promise((resolve) => {
      const holds = () => { if (${condition}) { watcher.disconnect(); clearTimeout(limit); resolve(true); } };
      const watcher = new MutationObserver(holds);
      const limit = setTimeout(() => { watcher.disconnect(); resolve(false); }, ${milliseconds});
      watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      holds();
    })`);
    if (!held) throw new Error(`still not so after ${milliseconds} ms: ${condition}; the page says ${await this.summary()}`);
  }

  summary() {
    return this.evaluate(`JSON.stringify([...document.querySelectorAll("[data-state]")].map((e) => [e.id, {...e.dataset}, e.querySelector(".status")?.textContent]))`);
  }

  async box(selector) {
    return this.evaluate(`(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center", behavior: "instant" }); const { x, y, width, height } = e.getBoundingClientRect(); return { x, y, width, height }; })()`);
  }

  mouse(type, x, y) {
    return this.call("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1 });
  }

  async click(selector) {
    const { x, y, width, height } = await this.box(selector);
    await this.mouse("mousePressed", x + width / 2, y + height / 2);
    await this.mouse("mouseReleased", x + width / 2, y + height / 2);
  }

  // A PNG of the whole page, as base64.
  async screenshot() {
    const { cssContentSize: { width, height } } = await this.call("Page.getLayoutMetrics");
    const clip = { x: 0, y: 0, width, height, scale: 1 };
    return (await this.call("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip })).data;
  }
}
