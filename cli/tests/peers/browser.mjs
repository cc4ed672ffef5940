// Scenarios of the demo page in a browser: node browser.mjs SCENARIO CHROMIUM URL DIRECTORY
// Screenshots go to DIRECTORY. Ends with status 0 and a last line `ok` when all went well.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { Browser } from "./cdp.mjs";

const [scenario, chromium, url, directory] = process.argv.slice(2);
const secure = url.startsWith("https:");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const demos = ["echo", "counter", "mirror"];
const all = (condition) => demos.map((id) => `document.getElementById("${id}").matches('${condition}')`).join(" && ");

async function open(browser, options) {
  const page = await browser.page(options);
  await page.goto(url);
  await page.until(`${all("[data-state=ok]")} && document.getElementById("facts").matches("[data-state=ok]") && document.getElementById("ws-scheme").textContent !== "…"`);
  return page;
}

async function draw(page, points) {
  const { x, y, width, height } = await page.box("#board");
  const [first, ...rest] = points.map(([u, v]) => [x + u * width, y + v * height]);
  await page.mouse("mousePressed", ...first);
  for (const point of rest) await page.mouse("mouseMoved", ...point);
  await page.mouse("mouseReleased", ...(rest.at(-1) ?? first));
}

const sent = (page) => page.evaluate(`Number(document.getElementById("mirror").dataset.sent)`);
// Whether there is ink at a place of the board, as an expression.
const ink = (u, v) => `(() => {
  const b = document.getElementById("board");
  return b.getContext("2d").getImageData(Math.round(${u} * b.width) - 2, Math.round(${v} * b.height) - 2, 5, 5).data.some((c) => c > 0);
})()`;
const wave = (from, to, middle) => Array.from({ length: 40 }, (_, i) => {
  const t = i / 39;
  return [from + t * (to - from), middle + .12 * Math.sin(t * 9)];
});

// Saves a picture of the page and makes sure that there is something on it.
async function picture(browser, page, name) {
  const png = await page.screenshot();
  writeFileSync(join(directory, `${name}.png`), Buffer.from(png, "base64"));
  const judge = await browser.page();
  const { colours, share, width, height } = await judge.evaluate(`fetch("data:image/png;base64,${png}").then((r) => r.blob()).then(createImageBitmap).then((image) => {
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const words = new Uint32Array(pen.getImageData(0, 0, image.width, image.height).data.buffer), seen = new Map();
    for (const word of words) seen.set(word, (seen.get(word) ?? 0) + 1);
    return { colours: seen.size, share: Math.max(...seen.values()) / words.length, width: image.width, height: image.height };
  })`);
  console.log(`${name}: ${width} x ${height}, ${colours} colours, ${Math.round(share * 100)} % of it one colour`);
  assert(colours > 50 && share < .9 && height > 400, "the picture is all but empty");
}

const scenarios = {
  // Every demo does its work, and the page says truly what it runs on.
  async demos(browser) {
    const page = await open(browser, { width: 1280, height: 900 });
    for (const socket of page.sockets.values()) {
      assert.equal(new URL(socket.url).protocol, secure ? "wss:" : "ws:");
      // RFC 8441: over HTTP/2, which is what TLS brings, a WebSocket is accepted with 200.
      assert.equal(socket.status, secure ? 200 : 101, socket.url);
    }
    assert.deepEqual([...page.sockets.values()].map((s) => new URL(s.url).pathname).sort(), [...demos, "info"].map((d) => `/ws/${d}`).sort());
    const facts = await page.evaluate(`[...document.querySelectorAll("#facts dd")].map((e) => e.textContent)`);
    console.log(facts.join(", "));
    assert.equal(facts[0], secure ? "HTTP/2" : "HTTP/1.1");
    assert.equal(facts[0], facts[2], "/info and the browser disagree about the protocol");
    assert.equal(facts[3], secure ? "ws over h2, in TLS" : "ws over HTTP/1.1, in the clear");
    assert.match(facts[1], secure ? /^TLSv1\.[23]$/ : /^none$/);

    for (const [kind, exponent] of [["text", 0], ["binary", 0], ["text", 10], ["binary", 16], ["text", 17], ["binary", 20], ["binary", 24], ["text", 24]]) {
      await page.evaluate(`document.querySelector("[name=kind][value=${kind}]").click(); document.getElementById("echo-size").value = ${exponent};
        document.getElementById("echo").dataset.state = "wait"; document.getElementById("echo-form").requestSubmit()`);
      await page.until(`document.querySelector("#echo[data-state=ok]")?.dataset.bytes === "${2 ** exponent}" && !document.getElementById("echo-send").disabled`, 20000);
    }
    await page.evaluate(`document.querySelector("[name=kind][value=typed]").click(); document.getElementById("echo-text").value = ""; document.getElementById("echo-form").requestSubmit()`);
    await page.until(`document.querySelector("#echo[data-state=ok]")?.dataset.bytes === "0"`);
    await page.evaluate(`document.getElementById("echo-text").value = "héllo 🧵"`);
    await page.click("#echo-send");
    await page.until(`document.getElementById("echo-back").textContent === "héllo 🧵"`);

    await page.until(`Number(document.getElementById("counter").dataset.value) > 20`);
    await page.click("#counter-reset");
    await page.until(`Number(document.getElementById("counter").dataset.value) < 10`);
    await page.click("#counter-toggle");
    await page.until(`document.querySelector("#counter[data-link=closed]")?.dataset.code === "1000"`);
    await page.click("#counter-toggle");
    await page.until(`document.querySelector("#counter[data-state=ok]")`);

    await draw(page, wave(.1, .9, .3));
    await page.evaluate(`document.querySelector("#inks input").click()`);
    await draw(page, wave(.9, .1, .65));
    assert(await sent(page) > 60, "the strokes were not sent");
    await picture(browser, page, secure ? "https" : "http");
    assert.deepEqual(page.faults, []);
  },

  // The browser offers compression, and gets back what it sends, compressed.
  async deflate(browser) {
    const page = await open(browser, {});
    const result = await page.evaluate(`new Promise((resolve) => {
      const ws = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws/echo");
      const noise = crypto.getRandomValues(new Uint8Array(30000));
      const messages = ["", "a", "again and ".repeat(20000), "again and ".repeat(20000), noise, Array.from({ length: 3000 }, (_, n) => "item " + n * n).join("\\n")];
      let at = 0;
      ws.binaryType = "arraybuffer";
      ws.onopen = () => ws.send(messages[0]);
      ws.onclose = (event) => resolve("closed with " + event.code);
      ws.onmessage = ({ data }) => {
        const same = typeof data === "string" ? data === messages[at] : new Uint8Array(data).every((byte, place) => byte === messages[at][place]) && data.byteLength === messages[at].length;
        if (!same) return resolve("message " + at + " came back differently");
        if (++at === messages.length) resolve(ws.extensions);
        else ws.send(messages[at]);
      };
    })`);
    assert.match(result, /^permessage-deflate/);
    assert.deepEqual(page.faults, []);
  },

  // What one page draws, the others see, and so does one that comes later.
  async mirror(browser) {
    const first = await open(browser), second = await open(browser, { width: 800, height: 700 });
    await draw(first, wave(.05, .95, .25));
    const count = await sent(first);
    assert(count >= 39);
    await second.until(`Number(document.getElementById("mirror").dataset.received) >= ${count}`);
    for (const [u, v] of [[.05, .25], [.95, .25 + .12 * Math.sin(9)]]) assert(await second.evaluate(ink(u, v)), "a part of the stroke is missing");
    assert(!await second.evaluate(ink(.5, .75)), "there is something where nobody drew");
    await draw(second, [[.5, .75], [.6, .75]]);
    await first.until(ink(.55, .75));
    const third = await open(browser);
    await third.until(`${ink(.05, .25)} && ${ink(.55, .75)}`);

    await third.evaluate(`document.getElementById("board").focus()`);
    for (let i = 0; i < 3; i++) await third.call("Input.dispatchKeyEvent", { type: "keyDown", key: "ArrowRight", code: "ArrowRight", modifiers: 8 });
    await first.until(ink(.5 + 2 / 64, .5));
    await picture(browser, third, "mirror");
    for (const page of [first, second, third]) assert.deepEqual(page.faults, []);
  },

  // It fits a phone and follows the dark scheme.
  async phone(browser) {
    const page = await open(browser, { width: 360, height: 740, phone: true, dark: true });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360, "the page is wider than the phone");
    assert(await page.evaluate(`getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((c) => c < 64)`), "not dark");
    assert(await page.evaluate(`[...document.querySelectorAll("button, .choice label, input[type=text]")].filter((e) => e.offsetParent).every((e) => e.getBoundingClientRect().height >= 32)`), "a control is too small to touch");
    assert.deepEqual(await page.evaluate(`[...document.querySelectorAll("button, input, canvas, a")].filter((e) => !(e.textContent.trim() || e.ariaLabel || e.getAttribute("aria-labelledby") || e.closest("label")?.textContent.trim())).map((e) => e.outerHTML)`), [], "without a name");
    await draw(page, wave(.1, .9, .5));
    await picture(browser, page, "phone");
    assert.deepEqual(page.faults, []);
  },

  // The server goes away and comes back: the page notices and recovers by itself. The test says on standard input when.
  async reconnect(browser) {
    const page = await open(browser);
    console.log("ready");
    await page.until(all("[data-link=retrying], [data-link=connecting]"));
    console.log("lost");
    await lines.next();
    await page.until(all("[data-state=ok]"), 20000);
    await picture(browser, page, "reconnected");
  },
};

const browser = await Browser.launch(chromium);
try {
  console.log(browser.version);
  await scenarios[scenario](browser);
  console.log("ok");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  process.stdin.destroy();
}
