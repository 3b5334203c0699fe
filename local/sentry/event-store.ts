import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

import { parseJson } from "../http-server.ts";
import { StoredEvent } from "./event.ts";

export const EVENTS_KEPT_MAX = 1_000;
/** The file is rewritten with what is kept once it holds this many lines. */
const LINES_IN_FILE_MAX = 2 * EVENTS_KEPT_MAX;

export type EventStore = {
  /** Returns once the event is in the file. */
  append: (event: StoredEvent) => void;
  /** Newest first. */
  list: () => StoredEvent[];
  find: (eventId: string) => StoredEvent | undefined;
  clear: () => void;
};

/** The newest events in memory, and in a file of JSON lines that outlives the service. */
export function openEventStore(file: string): EventStore {
  const events = readEvents(file);
  let linesInFile = events.length;
  rewrite();

  function rewrite(): void {
    writeFileSync(file, events.map(toLine).join(""));
    linesInFile = events.length;
  }

  return {
    append: (event) => {
      events.push(event);
      if (events.length > EVENTS_KEPT_MAX) events.shift();
      if (linesInFile >= LINES_IN_FILE_MAX) {
        rewrite();
        return;
      }
      appendFileSync(file, toLine(event));
      linesInFile += 1;
    },
    list: () => events.toReversed(),
    find: (eventId) => events.findLast(({ payload }) => payload.event_id === eventId),
    clear: () => {
      events.length = 0;
      rewrite();
    },
  };
}

/** Lines that cannot be read are dropped: a crash may have cut the last one off. */
function readEvents(file: string): StoredEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => StoredEvent.safeParse(parseJson(Buffer.from(line))).data ?? [])
    .slice(-EVENTS_KEPT_MAX);
}

function toLine(event: StoredEvent): string {
  return `${JSON.stringify(event)}\n`;
}
