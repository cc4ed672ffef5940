// The `ws` package as a server for our client: node ws_server.mjs [CERT KEY]
// Prints the port it listens on, then, for each connection, `ok` or what went wrong. The path says what to do.
// HTTP2=websockets: HTTP/2, with WebSockets on its streams (RFC 8441), and HTTP/1.1. HTTP2=plain: without those.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import http2 from "node:http2";
import { createServer as createSecureServer } from "node:https";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { WebSocketServer } from "ws";

const [cert, key] = process.argv.slice(2);
const settings = { enableConnectProtocol: process.env.HTTP2 === "websockets" };
const make = process.env.HTTP2 ? [http2.createServer, http2.createSecureServer] : [createServer, createSecureServer];
const server = make[cert ? 1 : 0](cert ? { cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: true, settings } : { settings });

// Two times whether, and two times how many bits; 0 for none.
function deflate() {
  if (!process.env.DEFLATE) return false;
  const [serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits] = process.env.DEFLATE.split(" ").map(Number);
  return {
    serverNoContextTakeover: Boolean(serverNoContextTakeover) || undefined, clientNoContextTakeover: Boolean(clientNoContextTakeover) || undefined,
    serverMaxWindowBits: serverMaxWindowBits || undefined, clientMaxWindowBits: clientMaxWindowBits || undefined, threshold: 0,
  };
}

const sockets = new WebSocketServer({
  server, maxPayload: 0, perMessageDeflate: deflate(),
  handleProtocols: (offered) => ["chat.v2", "chat.v1"].find((known) => offered.has(known)) ?? false,
  verifyClient: ({ req }, answer) => req.url === "/refuse" ? answer(false, 403, "not you\n") : answer(true),
});

const next = (ws) => once(ws, "message").then(([data, binary]) => binary ? data : data.toString());

async function echoed(ws, message) {
  const back = next(ws);
  ws.send(message);
  const got = await back;
  assert(typeof message === "string" ? got === message : Buffer.isBuffer(got) && got.equals(message), `${message.length} became ${got.length} or other`);
}

async function ponged(ws, payload) {
  const pong = once(ws, "pong");
  ws.ping(payload);
  assert.equal((await pong)[0].toString(), payload);
}

const closed = (ws) => once(ws, "close").then(([code]) => code);

const behaviours = {
  // The client echoes whatever it gets.
  async drive(ws) {
    for (const message of ["", "Hello, world!", "héllo ⟶ 🧵", Buffer.alloc(0), Buffer.from([0, 255]), "x".repeat(126), randomBytes(65536), "ü".repeat(400000)]) await echoed(ws, message);
    await echoed(ws, randomBytes(16 << 20));
    let back = next(ws);
    for (const [piece, fin] of [["one ", false], ["", false], ["two 🧵 ", false], ["three", true]]) ws.send(piece, { fin });
    assert.equal(await back, "one two 🧵 three");
    for (const payload of ["", "p".repeat(125)]) await ponged(ws, payload);
    back = next(ws);
    ws.send("before ", { fin: false });
    await ponged(ws, "between");
    ws.send("after", { fin: true });
    assert.equal(await back, "before after");
    ws.close(4000, "that was all");
    assert.equal(await closed(ws), 4000);
  },

  // The client echoes what it gets, all of it compressed.
  async squeeze(ws) {
    assert.equal(ws.extensions, "permessage-deflate");
    const messages = ["", "a", "again and again and again and again", randomBytes(300), "again and ".repeat(9000), randomBytes(40000)];
    messages.push(Array.from({ length: 9000 }, (_, n) => `item ${n * n}\n`).join(""), "again and again");
    for (const message of messages) await echoed(ws, message);
    ws.close(1000);
    assert.equal(await closed(ws), 1000);
  },

  // Says what it got, and what kind it was.
  async talk(ws) {
    ws.on("message", (data, binary) => {
      ws.send(binary ? `binary ${data.length}: ${data.toString("hex")}` : `text ${data.toString().length}: ${data}`);
    });
    assert.equal(await closed(ws), 1000);
  },

  async close(ws, query) {
    const code = Number(query.get("code"));
    ws.close(code, query.get("reason"));
    assert.equal(await closed(ws), code);
  },

  // Tells what the opening handshake asked for.
  async hello(ws, _, request) {
    ws.send(`subprotocol ${ws.protocol || "None"}`);
    ws.send(`x-test ${request.headers["x-test"] ?? "None"}`);
    ws.close(1000);
    assert.equal(await closed(ws), 1000);
  },

  // Goes away without closing.
  async vanish(ws) {
    ws.send("last words", () => ws.terminate());
    await closed(ws);
  },
};

sockets.on("connection", (ws, request) => {
  const url = new URL(request.url, "http://localhost");
  ws.on("error", () => {});
  behaviours[url.pathname.slice(1)](ws, url.searchParams, request).then(
    () => console.log("ok"),
    (error) => { console.log(`failed: ${error.message}`); ws.close(1011); },
  );
});
// The package knows HTTP/1.1 only: to it the stream is a socket, and the head it writes there becomes the response.
server.on("stream", (stream, { ":method": method, ":protocol": protocol, ":path": url, ...fields }) => {
  if (method !== "CONNECT" || protocol !== "websocket") return stream.respond({ ":status": 404 }, { endStream: true });
  assert(!["upgrade", "connection", "host", "sec-websocket-key"].some((name) => name in fields));
  const answer = (text) => {
    delete stream.write;
    delete stream.end;
    const [head, body] = text.split("\r\n\r\n");
    const lines = head.split("\r\n").filter((line) => /^sec-websocket-(protocol|extensions):/i.test(line));
    const status = Number(head.split(" ")[1]);
    stream.respond({ ":status": status === 101 ? 200 : status, ...Object.fromEntries(lines.map((line) => line.split(": "))) });
    return body;
  };
  stream.write = answer;
  stream.end = (text) => {
    const body = answer(text);
    stream.end(body);
  };
  const headers = { ...fields, upgrade: "websocket", connection: "upgrade", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" };
  const request = { method: "GET", url, headers, socket: stream.session.socket };
  sockets.handleUpgrade(request, stream, Buffer.alloc(0), (ws) => sockets.emit("connection", ws, request));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
// Ends with its standard input, so that it never outlives the test.
process.stdin.resume().on("end", () => process.exit(0));
