import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";

/** Listens for webhooks and answers each with the status that `accept` decides on. */
export async function startWebhookServer(
  path: string,
  accept: (request: IncomingMessage) => Promise<number>,
) {
  const server = createServer((request, response) => {
    void accept(request).then((status) => response.writeHead(status).end("{}"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No TCP port.");
  return {
    url: `http://127.0.0.1:${address.port}${path}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
