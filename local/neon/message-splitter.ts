import { WEBSOCKET_MESSAGE_BYTES_MAX } from "./limits.ts";

const LENGTH_BYTES = 4;

type Splitter = {
  /** Whether the stream begins with a message that has no type, as a client's does. */
  startsUntyped: boolean;
  /** Types whose bodies are of interest; the others are skipped without being kept. */
  wanted: string;
  onMessage: (type: string, body: Buffer) => void;
};

/** Finds the messages in a stream of Postgres' protocol, whose chunks end anywhere. */
export function createMessageSplitter({
  startsUntyped,
  wanted,
  onMessage,
}: Splitter): (chunk: Buffer) => void {
  let typeBytes = startsUntyped ? 0 : 1;
  let held: Buffer = Buffer.alloc(0);
  let bytesToSkip = 0;
  return (chunk) => {
    let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const skipped = Math.min(bytesToSkip, rest.length);
      bytesToSkip -= skipped;
      rest = rest.subarray(skipped);
      const headerBytes = typeBytes + LENGTH_BYTES;
      if (bytesToSkip > 0 || rest.length < headerBytes) break;
      const type = rest.toString("latin1", 0, typeBytes);
      // The length counts itself; one that does not is no message of Postgres, and must not stop the search.
      const messageBytes = typeBytes + Math.max(LENGTH_BYTES, rest.readInt32BE(typeBytes));
      if (type === "" || !wanted.includes(type) || messageBytes > WEBSOCKET_MESSAGE_BYTES_MAX) {
        typeBytes = 1;
        bytesToSkip = messageBytes;
        continue;
      }
      if (rest.length < messageBytes) break;
      onMessage(type, rest.subarray(headerBytes, messageBytes));
      rest = rest.subarray(messageBytes);
    }
    held = rest;
  };
}
