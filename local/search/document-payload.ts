import { z } from "zod";
import { Document } from "./engine/attribute-path.ts";
import { MeilisearchError } from "./meilisearch-error.ts";

const Documents = z.union([z.array(Document), Document.transform((document) => [document])]);

/** Reads documents sent as JSON, NDJSON or CSV. */
export function parseDocuments(
  text: string,
  contentType: string | undefined,
  csvDelimiter: string,
): Document[] {
  if (text.trim() === "") throw new MeilisearchError("missing_payload", "A json payload is missing.");
  switch (contentType) {
    case undefined:
    case "application/json":
      return checked(parsePart(text));
    case "application/x-ndjson":
      return checked(
        text
          .split("\n")
          .filter((line) => line.trim() !== "")
          .map(parsePart),
      );
    case "text/csv":
      return parseCsv(text, csvDelimiter);
    default:
      throw new MeilisearchError(
        "invalid_content_type",
        `The Content-Type \`${contentType}\` is invalid. Accepted values for the Content-Type header are: \`application/json\`, \`application/x-ndjson\`, \`text/csv\``,
      );
  }
}

function parsePart(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
    throw new MeilisearchError(
      "malformed_payload",
      `The json payload provided is malformed. \`${fault.message}\`.`,
    );
  }
}

function checked(value: unknown): Document[] {
  const parsed = Documents.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new MeilisearchError(
    "malformed_payload",
    "The json payload provided is malformed: documents are objects.",
  );
}

/** The header may give types, as in `price:number`; everything else is text. */
function parseCsv(text: string, delimiter: string): Document[] {
  const [header = [], ...rows] = csvRows(text, delimiter);
  const columns = header.map((title) => {
    const typed = /^(.*):(number|string|boolean)$/.exec(title);
    return { name: typed?.[1] ?? title, type: typed?.[2] ?? "string" };
  });
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, index) => [name, csvValue(row[index] ?? "", type)])),
  );
}

function csvValue(text: string, type: string): unknown {
  if (type === "string") return text;
  if (text === "") return null;
  return type === "number" ? Number(text) : text === "true";
}

function csvRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  const endRow = () => {
    row.push(field);
    if (row.some((each) => each !== "")) rows.push(row);
    row = [];
    field = "";
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (isQuoted && character === '"' && text[index + 1] === '"') {
      field += '"';
      index += 1;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) field += character;
    else if (character === delimiter) {
      row.push(field);
      field = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }
  endRow();
  return rows;
}
