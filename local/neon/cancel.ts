import { connect } from "node:net";
import type { Client } from "pg";
import { z } from "zod";

const CANCEL_REQUEST_BYTES = 16;
const CANCEL_REQUEST_CODE = 80_877_102;

/** What pg keeps of Postgres' BackendKeyData and its types do not show. */
const BackendKey = z.object({ processID: z.int(), secretKey: z.int() });

/** Asks Postgres, on a connection of its own as the protocol wants it, to stop what this client runs. */
export function cancelRunningQuery(client: Client, log: (line: string) => void): void {
  const { processID, secretKey } = BackendKey.parse(client);
  const request = Buffer.alloc(CANCEL_REQUEST_BYTES);
  request.writeInt32BE(CANCEL_REQUEST_BYTES, 0);
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect(client.port, client.host);
  socket.once("error", (error) => log(`a query could not be cancelled: ${error.message}`));
  socket.end(request);
  socket.resume();
}
