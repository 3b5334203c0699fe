import { connect, type Socket } from "node:net";

import { encodeCommand, parseReply, type Command, type Reply } from "./resp.ts";

const HOST = "127.0.0.1";
/** Past this many unanswered commands the engine is stuck; piling up more would only hide it. */
const COMMANDS_IN_FLIGHT_MAX = 100_000;
/** No single reply of a shop comes near this; a bigger one is a broken stream. */
const UNPARSED_BYTES_MAX = 64 * 1024 * 1024;

export type EngineConnection = {
  /** Sends the commands in one write, so that nothing comes between them, and resolves to their replies in order. */
  send: (commands: readonly Command[]) => Promise<Reply[]>;
  close: () => void;
};

type Line = {
  socket: Socket;
  unanswered: { resolve: (reply: Reply) => void; reject: (fault: Error) => void }[];
  received: Buffer;
};

/** One pipelined connection to a RESP2 engine. A lost one fails what is in flight; the next command dials anew. */
export function connectToEngine(port: number): EngineConnection {
  let current: Line | undefined;

  function currentLine(): Line {
    current ??= dial(port, () => {
      current = undefined;
    });
    return current;
  }

  return {
    send: (commands) => {
      const line = currentLine();
      if (line.unanswered.length + commands.length > COMMANDS_IN_FLIGHT_MAX) {
        return Promise.reject(
          new Error(`More than ${COMMANDS_IN_FLIGHT_MAX} commands wait for the Redis engine.`),
        );
      }
      const replies = commands.map(
        () => new Promise<Reply>((resolve, reject) => line.unanswered.push({ resolve, reject })),
      );
      line.socket.write(Buffer.concat(commands.map(encodeCommand)));
      return Promise.all(replies);
    },
    close: () => current?.socket.destroy(),
  };
}

function dial(port: number, onLost: () => void): Line {
  const line: Line = { socket: connect(port, HOST), unanswered: [], received: Buffer.alloc(0) };
  let cause: Error | undefined;
  line.socket.setNoDelay(true);
  line.socket.on("error", (fault) => {
    cause = fault;
  });
  line.socket.on("close", () => {
    onLost();
    const fault = new Error("The connection to the Redis engine was lost.", { cause });
    for (const waiting of line.unanswered.splice(0)) waiting.reject(fault);
  });
  line.socket.on("data", (chunk: Buffer) => {
    try {
      settleReplies(line, chunk);
    } catch (fault) {
      line.socket.destroy(fault instanceof Error ? fault : new Error(String(fault)));
    }
  });
  return line;
}

function settleReplies(line: Line, chunk: Buffer): void {
  const bytes = line.received.length === 0 ? chunk : Buffer.concat([line.received, chunk]);
  let end = 0;
  for (;;) {
    const parsed = end < bytes.length ? parseReply(bytes, end) : undefined;
    if (parsed === undefined) break;
    end = parsed.end;
    line.unanswered.shift()?.resolve(parsed.reply);
  }
  line.received = bytes.subarray(end);
  if (line.received.length > UNPARSED_BYTES_MAX) {
    throw new Error(`The Redis engine sent a reply of more than ${UNPARSED_BYTES_MAX} bytes.`);
  }
}
