import type { Writable } from "node:stream";
import { z } from "zod";

/** A line of the Worker's own log; other code in the bundle may write anything. */
const LogLine = z.object({ message: z.string(), error_message: z.string().optional() });

const SHOWN_LEVELS = new Set(["warn", "error"]);
const SHOWN_CHARACTERS_MAX = 300;

type Sinks = { output: Writable; log: (line: string) => void };
type ConsoleLine = { timestamp: number; level: string; message: string };

/** Writes every line of the Worker's console to the file, and shows warnings and errors in short. */
export function createWorkerLog({ output, log }: Sinks): (line: ConsoleLine) => void {
  return ({ timestamp, level, message }) => {
    output.write(`${new Date(timestamp).toISOString()} ${level} ${message}\n`);
    if (SHOWN_LEVELS.has(level)) log(`${level}: ${inShort(message)}`);
  };
}

function inShort(message: string): string {
  const parsed = LogLine.safeParse(parseJson(message));
  const text = (parsed.success ? describe(parsed.data) : message).replaceAll(/\s+/g, " ");
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function describe({ message, error_message: reason }: z.infer<typeof LogLine>): string {
  return reason === undefined ? message : `${message}: ${reason}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
}
