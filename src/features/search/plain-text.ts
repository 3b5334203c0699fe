import { Parser } from "htmlparser2";

/** What a reader sees of HTML, on one line, cut at a word's end. */
export function plainText(html: string, charactersMax: number): string {
  let text = "";
  const parser = new Parser({
    onopentag: () => (text += " "),
    ontext: (part) => (text += part),
    onclosetag: () => (text += " "),
  });
  parser.end(html);
  return shorten(text.replaceAll(/\s+/g, " ").trim(), charactersMax);
}

function shorten(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const cut = text.slice(0, charactersMax);
  const wordEnd = cut.lastIndexOf(" ");
  return (wordEnd > 0 ? cut.slice(0, wordEnd) : cut).toWellFormed();
}
