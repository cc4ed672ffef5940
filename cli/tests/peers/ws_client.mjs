// The `ws` package as a client of our server: node ws_client.mjs CASE ws://HOST:PORT
// Prints `ok` when the case went well.
import assert from "node:assert/strict";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import WebSocket from "ws";

const [name, base] = process.argv.slice(2);

async function open(path = "/ws/echo", protocols = [], options = {}) {
  const ws = new WebSocket(base + path, protocols, { rejectUnauthorized: false, perMessageDeflate: false, maxPayload: 0, ...options });
  ws.inbox = [];
  ws.waiting = [];
  ws.on("message", (data, binary) => {
    const message = binary ? data : data.toString();
    ws.waiting.length ? ws.waiting.shift()(message) : ws.inbox.push(message);
  });
  ws.next = () => ws.inbox.length ? Promise.resolve(ws.inbox.shift()) : new Promise((resolve, reject) => { ws.waiting.push(resolve); ws.once("close", (code) => reject(new Error(`closed with ${code}`))); });
  ws.setMaxListeners(0);
  await once(ws, "open");
  return ws;
}

async function echoed(ws, message) {
  ws.send(message);
  const back = await ws.next();
  if (typeof message === "string") assert(back === message, `${message.length} of text came back as ${typeof back} of ${back.length}`);
  else assert(Buffer.isBuffer(back) && back.equals(message), `${message.length} bytes came back as ${typeof back} of ${back.length}`);
}

async function closed(ws, code, reason) {
  ws.close(code, reason);
  const [answer] = await once(ws, "close");
  return answer;
}

const cases = {
  async text() {
    const ws = await open();
    for (const message of ["", "a", "Hello, world!", "héllo ⟶ 🧵", "x".repeat(125), "x".repeat(126), "ü".repeat(40000), "𝄞".repeat(70000)]) await echoed(ws, message);
    assert.equal(await closed(ws, 1000), 1000);
  },

  async binary() {
    const ws = await open();
    for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1000003]) await echoed(ws, randomBytes(size));
    assert.equal(await closed(ws, 1000), 1000);
  },

  async large() {
    const ws = await open();
    await echoed(ws, randomBytes(16 << 20));
    await echoed(ws, "0123456789abcdef".repeat(1 << 20));
    assert.equal(await closed(ws, 1000), 1000);
  },

  async fragments() {
    const ws = await open();
    const pieces = ["one ", "", "two 🧵 ", "three", ""];
    pieces.forEach((piece, at) => ws.send(piece, { fin: at === pieces.length - 1 }));
    assert.equal(await ws.next(), pieces.join(""));
    const blocks = [0, 1, 125, 70000, 0, 3].map((n) => randomBytes(n));
    blocks.forEach((block, at) => ws.send(block, { binary: true, fin: at === blocks.length - 1 }));
    assert((await ws.next()).equals(Buffer.concat(blocks)));
    // A ping between two fragments is answered before the message ends.
    ws.send("before ", { fin: false });
    ws.ping("between");
    const [pong] = await once(ws, "pong");
    assert.equal(pong.toString(), "between");
    ws.send("after", { fin: true });
    assert.equal(await ws.next(), "before after");
    assert.equal(await closed(ws, 1000), 1000);
  },

  async ping() {
    const ws = await open();
    for (const payload of ["", "x", "p".repeat(125)]) {
      ws.ping(payload);
      const [pong] = await once(ws, "pong");
      assert.equal(pong.toString(), payload);
    }
    ws.pong("unasked for");
    await echoed(ws, "still there");
    assert.equal(await closed(ws, 1000), 1000);
  },

  async close() {
    for (const [code, reason] of [[1000, ""], [1000, "done"], [1001, "leaving"], [3000, "ü".repeat(61)], [4999, "mine"]]) {
      const ws = await open();
      await echoed(ws, "x");
      assert.equal(await closed(ws, code, reason), code);
    }
    const ws = await open();
    assert.equal(await closed(ws), 1005, "a close frame without a code is answered by one without");
  },

  async counter() {
    const ws = await open("/ws/counter");
    const seen = [];
    while (seen.length < 8) seen.push(Number(await ws.next()));
    assert.deepEqual(seen, seen.map((_, at) => seen[0] + at));
    ws.send("reset");
    let last = seen.at(-1), value;
    while ((value = Number(await ws.next())) > last) last = value;
    assert(value <= 1, `${value} after a reset`);
    assert.equal(await closed(ws, 1000), 1000);
  },

  async mirror() {
    const one = await open("/ws/mirror"), other = await open("/ws/mirror");
    const stroke = `{"x0":0.25,"y0":0.5,"x1":0.75,"y1":0.5,"c":"#123456"}`;
    one.send(stroke);
    assert.equal(await other.next(), stroke);
    const late = await open("/ws/mirror");
    assert.equal(await late.next(), stroke);
    for (const ws of [one, other, late]) assert.equal(await closed(ws, 1001), 1001);
  },

  async many() {
    await Promise.all(Array.from({ length: 100 }, async (_, number) => {
      const ws = await open();
      for (let turn = 0; turn < 20; turn++) await echoed(ws, `${number}.${turn}`);
      assert.equal(await closed(ws, 1000), 1000);
    }));
  },

  // Whether an offer is taken is the server's choice; what is echoed is the same.
  async offers() {
    const ws = await open("/ws/echo", [], { perMessageDeflate: true });
    await echoed(ws, "again and ".repeat(5000));
    await echoed(ws, randomBytes(30000));
    assert.equal(await closed(ws, 1000), 1000);
  },

  // Every combination of what may be offered.
  async deflate() {
    const messages = ["", "a", "again and again and again and again and again and again", randomBytes(300), "again and ".repeat(4000), randomBytes(20000)];
    messages.push(Array.from({ length: 1000 }, (_, n) => `{"id": ${n}, "name": "item ${n * n}"}`).join("\n"), "again and again");
    for (const serverNoContextTakeover of [undefined, true])
      for (const clientNoContextTakeover of [undefined, true])
        for (const serverMaxWindowBits of [undefined, 8, 12])
          for (const clientMaxWindowBits of [undefined, true, 9]) {
            const perMessageDeflate = { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits, threshold: 0 };
            const ws = await open("/ws/echo", [], { perMessageDeflate });
            assert.equal(ws.extensions, "permessage-deflate");
            for (const message of messages) await echoed(ws, message);
            assert.equal(await closed(ws, 1000), 1000);
          }
  },

  async unknown() {
    const ws = new WebSocket(`${base}/ws/nowhere`, { rejectUnauthorized: false });
    ws.on("open", () => assert.fail("there is no such endpoint"));
    const [, response] = await once(ws, "unexpected-response");
    assert.equal(response.statusCode, 404);
    ws.on("error", () => {});
    ws.terminate();
  },

  // The server must survive a peer that vanishes, and serve the next.
  async abrupt() {
    for (let i = 0; i < 5; i++) {
      const ws = await open();
      ws.send("half a message, ", { fin: false });
      if (base.startsWith("wss:")) ws.terminate();
      else ws._socket.resetAndDestroy();
      await once(ws, "close");
    }
    const ws = await open();
    await echoed(ws, "still there");
    assert.equal(await closed(ws, 1000), 1000);
  },
};

await cases[name]();
console.log("ok");
process.exit(0);
