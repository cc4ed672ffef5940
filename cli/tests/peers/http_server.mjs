// node's own HTTP server as a server for our client: node http_server.mjs [CERT KEY]
// Prints the port it listens on.
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { readFileSync } from "node:fs";

const BODY = Buffer.alloc(256 * 4096, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));

function answer(request, response) {
  if (request.method === "POST" || request.method === "PUT") {
    response.writeHead(200, { "X-Method": request.method, ...request.headers["content-length"] && { "Content-Length": request.headers["content-length"] } });
    return request.pipe(response);
  }
  switch (request.url) {
    case "/known":
      return response.writeHead(200, { "Content-Length": BODY.length }).end(BODY);
    case "/chunked":
      response.writeHead(200, { Trailer: "X-Sum" });
      for (let at = 0; at < BODY.length; at += 50000) response.write(BODY.subarray(at, at + 50000));
      response.addTrailers({ "X-Sum": "1" });
      return response.end();
    case "/until-close":
      response.socket.write("HTTP/1.0 200 OK\r\n\r\n");
      return response.socket.end(BODY);
    case "/cut":
      response.writeHead(200, { "Content-Length": BODY.length }).flushHeaders();
      return response.socket.end(BODY.subarray(0, 70000));
    case "/cut-chunked":
      return response.socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n${"x".repeat(100)}`);
    case "/bad-chunk":
      return response.socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n+5\r\nworld\r\n0\r\n\r\n");
    case "/slow":
      response.writeHead(200, { "Content-Length": 10 });
      return response.write("x");
    case "/nothing":
      return response.writeHead(204).end();
    case "/fields": {
      const { rawHeaders: raw } = request;
      return response.end(raw.map((part, at) => at % 2 ? `${part}\n` : `${part}: `).join(""));
    }
    default:
      return response.writeHead(404, { "Content-Length": 13 }).end("no such page\n");
  }
}

const [cert, key] = process.argv.slice(2);
const server = cert ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer) : createServer(answer);
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
