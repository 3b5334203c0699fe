/** One argument of a command: text, or bytes that are kept as they are. */
export type Argument = string | Buffer;
export type Command = readonly Argument[];

/** What an engine answers in RESP2, with the kinds kept apart as the REST protocol needs them. */
export type Reply =
  | { kind: "status"; text: string }
  | { kind: "error"; message: string }
  | { kind: "integer"; value: number }
  | { kind: "bulk"; bytes: Buffer }
  | { kind: "nil" }
  | { kind: "array"; items: Reply[] };

type Parsed = { reply: Reply; end: number };

const LINE_END = Buffer.from("\r\n");

export function encodeCommand(command: Command): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = typeof argument === "string" ? Buffer.from(argument) : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, LINE_END);
  }
  return Buffer.concat(parts);
}

/** The reply that begins at `start` and where it ends, or undefined while some of its bytes are still to come. */
export function parseReply(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf(LINE_END, start);
  if (lineEnd < 0) return undefined;
  const kind = String.fromCharCode(bytes.readUInt8(start));
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + LINE_END.length;
  switch (kind) {
    case "+":
      return { reply: { kind: "status", text: line }, end };
    case "-":
      return { reply: { kind: "error", message: line }, end };
    case ":":
      return { reply: { kind: "integer", value: Number(line) }, end };
    case "$":
      return parseBulk(bytes, end, Number(line));
    case "*":
      return parseArray(bytes, end, Number(line));
    default:
      throw new Error(`The engine sent something that is not RESP2: a reply that begins with ${kind}`);
  }
}

function parseBulk(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { reply: { kind: "nil" }, end: start };
  const end = start + length + LINE_END.length;
  if (bytes.length < end) return undefined;
  return { reply: { kind: "bulk", bytes: bytes.subarray(start, start + length) }, end };
}

function parseArray(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { reply: { kind: "nil" }, end: start };
  const items: Reply[] = [];
  let end = start;
  while (items.length < length) {
    const item = parseReply(bytes, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: { kind: "array", items }, end };
}
