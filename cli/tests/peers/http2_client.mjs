// node's own HTTP/2 client against our server: streams side by side, bodies both ways, small windows, trailers.
//   node http2_client.mjs ORIGIN
import assert from "node:assert";
import http2 from "node:http2";

const origin = process.argv[2];
const session = http2.connect(origin, { rejectUnauthorized: false });
const failed = (error) => { console.error(error); process.exit(1); };
session.on("error", failed);

function exchange(headers, body) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const got = { body: [] };
    stream.on("response", (head) => { got.head = head; });
    stream.on("data", (data) => got.body.push(data));
    stream.on("end", () => resolve({ ...got, body: Buffer.concat(got.body), code: stream.rstCode }));
    stream.on("error", reject);
    stream.end(body);
  });
}

const hello = await exchange({ ":path": "/hello" });
assert.equal(hello.head[":status"], 200);
assert.equal(hello.head["content-length"], "13");
assert.equal(hello.body.toString(), "Hello, world!");

// More requests than streams at a time: node waits for the server's limit.
const many = await Promise.all(Array.from({ length: 500 }, (_, n) => exchange({ ":path": `/bytes/${n}` })));
many.forEach((got, n) => assert.equal(got.body.length, n));

const large = Buffer.alloc(3_000_000, "0123456789abcdef");
const echoes = await Promise.all([1, 2, 3].map(() => exchange({ ":path": "/echo", ":method": "POST" }, large)));
echoes.forEach((got) => assert(got.body.equals(large)));

const head = await exchange({ ":path": "/bytes/1000", ":method": "HEAD" });
assert.deepEqual([head.head["content-length"], head.body.length], ["1000", 0]);

const info = await exchange({ ":path": "/info" });
assert.equal(JSON.parse(info.body).http, "h2");

// A stream that is given up leaves the others alone.
const given = session.request({ ":path": "/bytes/100000000" });
given.on("error", () => {});
given.once("data", () => given.close(http2.constants.NGHTTP2_CANCEL));
assert.equal((await exchange({ ":path": "/hello" })).body.length, 13);

session.ping((error) => {
  if (error) failed(error);
  session.close(() => console.log("ok"));
});
