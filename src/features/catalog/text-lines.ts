import { AppError } from "#core/errors";

/** Bytes of one line; a file without line ends would otherwise be taken into memory as a whole. */
export const lineBytesMax = 4 * 1024 * 1024;

/**
 * The lines of a UTF-8 file, without their ends and without a byte order mark.
 * @throws AppError invalid_json_lines where bytes are not UTF-8 or a line is too long.
 */
export async function* textLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + decode(decoder, piece)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineBytesMax)
      throw new AppError("invalid_json_lines", { detail: `A line has ${lineBytesMax} characters at most.` });
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  rest += decode(decoder);
  if (rest !== "") yield rest;
}

function decode(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (cause) {
    throw new AppError("invalid_json_lines", {
      detail: "The file is not UTF-8. Lines before that were taken.",
      cause,
    });
  }
}
