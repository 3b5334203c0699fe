import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer, type WebSocket } from "ws";
import type { Endpoint } from "../postgres/postgres.ts";
import { WEBSOCKET_MESSAGE_BYTES_MAX, WEBSOCKETS_MAX } from "./limits.ts";
import type { Statistics } from "./statistics.ts";
import { countTraffic } from "./traffic-count.ts";

type Options = {
  hosts: Map<string, Endpoint>;
  statistics: Statistics;
  log: (line: string) => void;
};

/** Serves /v2?address=host:port: whatever comes over the WebSocket goes to Postgres, and back. */
export function serveRelay(server: Server, options: Options): WebSocketServer {
  const relays = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: WEBSOCKET_MESSAGE_BYTES_MAX,
  });
  server.on("upgrade", (request, socket, head) => {
    const host = requestedHost(request);
    const endpoint = options.hosts.get(host);
    if (endpoint === undefined) return refuseUpgrade(socket, "404 Not Found");
    if (relays.clients.size >= WEBSOCKETS_MAX) return refuseUpgrade(socket, "503 Service Unavailable");
    relays.handleUpgrade(request, socket, head, (webSocket) => {
      relay(webSocket, { host, endpoint, ...options });
    });
  });
  return relays;
}

function requestedHost(request: IncomingMessage): string {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname !== "/v2") return "";
  return (searchParams.get("address") ?? "").replace(/:\d+$/, "");
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
}

type Relay = Options & { host: string; endpoint: Endpoint };

/** Pipes hold each side back while the other is slow, and end one side when the other ends. */
function relay(webSocket: WebSocket, { host, endpoint, statistics, log }: Relay): void {
  const client = createWebSocketStream(webSocket);
  const postgres = connect({ ...endpoint, noDelay: true });
  countTraffic({ host, fromClient: client, fromPostgres: postgres, statistics });
  client.pipe(postgres).pipe(client);
  // Without a client there is nobody to finish for: Postgres notices the closed socket and cancels.
  webSocket.once("close", () => postgres.destroy());
  client.once("error", () => postgres.destroy());
  postgres.once("error", (error) => {
    log(`a WebSocket to ${host} lost its Postgres: ${error.message}`);
    client.destroy();
  });
}
