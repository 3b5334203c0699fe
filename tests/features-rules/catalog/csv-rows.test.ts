import { describe, expect, test } from "vitest";
import { csvRecordBytesMax, csvRows } from "#features/catalog/csv-rows";

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

/** Reads a file that arrives in pieces of so many bytes. */
async function read(text: string, pieceBytes: number): Promise<string[][]> {
  const bytes = new TextEncoder().encode(text);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes)
    pieces.push(bytes.slice(start, start + pieceBytes));
  const rows: string[][] = [];
  for await (const row of csvRows(streamOf(pieces))) {
    rows.push([...row.cells]);
    expect(row.number).toBe(rows.length);
  }
  return rows;
}

describe("reading CSV", () => {
  const text = '\uFEFFHandle,Title\r\na,"Says ""hi"",\r\nthen goes"\nö,€🙂\r\n\r\nlast,row';
  const rows = [["Handle", "Title"], ["a", 'Says "hi",\r\nthen goes'], ["ö", "€🙂"], [""], ["last", "row"]];

  test.each([1, 2, 3, 7, 1000])("gives the same rows in pieces of %i bytes", async (pieceBytes) => {
    expect(await read(text, pieceBytes)).toEqual(rows);
  });

  test("rows before a fault come before it", async () => {
    const seen: string[][] = [];
    const reading = async () => {
      for await (const { cells } of csvRows(streamOf([new TextEncoder().encode('a,b\nc,d\n"e')])))
        seen.push([...cells]);
    };
    await expect(reading()).rejects.toMatchObject({ code: "invalid_csv" });
    expect(seen).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  test("a quote that is never closed ends the reading at the limit of a record", async () => {
    const endless = `a,b\n"${"x".repeat(csvRecordBytesMax + 10)}`;
    await expect(read(endless, 64 * 1024)).rejects.toMatchObject({ code: "invalid_csv" });
  });

  test("no bytes are no rows", async () => {
    expect(await read("", 1)).toEqual([]);
  });
});
