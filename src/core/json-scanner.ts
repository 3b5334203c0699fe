/** What a JSON text may hold beyond its size in bytes. */
export type JsonLimits = {
  readonly depthMax: number;
  /** Members of all objects together. */
  readonly keysMax: number;
  readonly keyCharactersMax: number;
  readonly stringCharactersMax: number;
  readonly arrayItemsMax: number;
  readonly numberCharactersMax: number;
};

/** Why a text was refused: it is no JSON, or it is JSON beyond what is taken here. */
export type JsonFault = {
  readonly kind: "malformed" | "limit";
  /** Where: bytes from the start; lines and bytes within the line from one. */
  readonly byte: number;
  readonly line: number;
  readonly column: number;
  readonly detail: string;
};

type Frame = { readonly isObject: boolean; readonly keys: Set<string>; items: number };

/** The string that is being read; of a name, its bytes are kept. */
type OpenString = { isName: boolean; text: number[]; characters: number; highSurrogate: boolean };

type Expectation =
  | "a value"
  | "a value or ]"
  | "a name in quotes or }"
  | "a name in quotes"
  | "a colon"
  | "a comma or the end of what is open"
  | "nothing more";

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const hexadecimal = /^[0-9a-fA-F]{4}$/;
const plainEscapes = '"\\/bfnrt';
const unicodeEscapeCharacters = 5;

/**
 * Reads JSON bytes as they arrive and keeps none of them but the names of the objects that are open, so that a text is
 * refused before anything is built from it. Beyond the grammar (RFC 8259) it holds a text to I-JSON (RFC 7493), where
 * a name comes once an object and escapes make whole characters, and refuses NUL, which Postgres cannot store.
 */
export class JsonScanner {
  readonly #limits: JsonLimits;
  readonly #open: Frame[] = [];
  #expected: Expectation = "a value";
  #keys = 0;
  #byte = 0;
  #line = 1;
  #lineStart = 0;
  #string: OpenString | undefined;
  #escape: string | undefined;
  /** The number or literal that is being read. */
  #bare = "";
  #fault: JsonFault | undefined;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** @returns the first fault, after which nothing more is read. */
  push(bytes: Uint8Array): JsonFault | undefined {
    for (const byte of bytes) {
      if (this.#string === undefined) this.#readOutside(byte);
      else this.#readInside(this.#string, byte);
      if (this.#fault !== undefined) return this.#fault;
      this.#byte++;
      if (byte !== 0x0a) continue;
      this.#line++;
      this.#lineStart = this.#byte;
    }
    return undefined;
  }

  /** To be called when all bytes were pushed. */
  end(): JsonFault | undefined {
    if (this.#fault === undefined && this.#bare !== "") this.#endBare();
    if (this.#fault !== undefined) return this.#fault;
    if (this.#string !== undefined) this.#malformed("The text ends within a string.");
    else if (this.#expected !== "nothing more")
      this.#malformed(`The text ends where ${this.#expected} is expected.`);
    return this.#fault;
  }

  #readOutside(byte: number): void {
    const character = String.fromCharCode(byte);
    if (/[\w+.-]/.test(character)) return this.#readBare(character);
    if (this.#bare !== "") this.#endBare();
    if (this.#fault !== undefined || byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) return;
    if (character === "{" || character === "[") return this.#openFrame(character === "{");
    if (character === "}" || character === "]") return this.#closeFrame(character === "}");
    if (character === '"') return this.#beginString();
    if (character === ":" && this.#expected === "a colon") this.#expected = "a value";
    else if (character === "," && this.#expected === "a comma or the end of what is open")
      this.#expected = this.#open.at(-1)?.isObject === true ? "a name in quotes" : "a value";
    else this.#unexpected();
  }

  #readBare(character: string): void {
    if (this.#bare === "" && !this.#takesValue()) return this.#unexpected();
    this.#bare += character;
    if (this.#bare.length > this.#limits.numberCharactersMax)
      this.#beyond(`A number has ${this.#limits.numberCharactersMax} characters at most.`);
  }

  #endBare(): void {
    const text = this.#bare;
    this.#bare = "";
    if (text !== "true" && text !== "false" && text !== "null" && !numberPattern.test(text))
      this.#malformed(`Before this stands neither a number nor true, false or null.`);
    else this.#endValue();
  }

  #beginString(): void {
    const isName = this.#expected === "a name in quotes" || this.#expected === "a name in quotes or }";
    if (!isName && !this.#takesValue()) return this.#unexpected();
    this.#string = { isName, text: [], characters: 0, highSurrogate: false };
  }

  #readInside(string: OpenString, byte: number): void {
    if (byte < 0x20) return this.#malformed("A string holds a control character that is not escaped.");
    if (string.isName) string.text.push(byte);
    const character = String.fromCharCode(byte);
    if (this.#escape !== undefined) return this.#readEscape(string, character);
    if (byte === 0x5c) {
      this.#escape = "";
      return;
    }
    if (string.highSurrogate) return this.#halfCharacter();
    if (byte === 0x22) return this.#endString(string);
    // Bytes that continue a character of UTF-8 begin none.
    if ((byte & 0xc0) !== 0x80) this.#countCharacter(string);
  }

  #readEscape(string: OpenString, character: string): void {
    const escape = this.#escape + character;
    const isUnicode = escape.startsWith("u");
    this.#escape = isUnicode && escape.length < unicodeEscapeCharacters ? escape : undefined;
    if (!isUnicode && !plainEscapes.includes(escape)) return this.#malformed("There is no such escape.");
    if (this.#escape !== undefined) return;
    const code = isUnicode ? Number.parseInt(escape.slice(1), 16) : 1;
    if (isUnicode && !hexadecimal.test(escape.slice(1)))
      return this.#malformed("An escape \\u has four hexadecimal digits.");
    if (code === 0) return this.#beyond("The character NUL cannot be stored.");
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    if (string.highSurrogate !== isLow) return this.#halfCharacter();
    string.highSurrogate = code >= 0xd800 && code <= 0xdbff;
    if (!isLow) this.#countCharacter(string);
  }

  #countCharacter(string: OpenString): void {
    const { keyCharactersMax, stringCharactersMax } = this.#limits;
    const max = string.isName ? keyCharactersMax : stringCharactersMax;
    if (++string.characters > max)
      this.#beyond(`${string.isName ? "A name" : "A string"} has ${max} characters at most.`);
  }

  #endString({ isName, text }: OpenString): void {
    this.#string = undefined;
    if (!isName) return this.#endValue();
    const name = nameOf(text);
    const keys = this.#open.at(-1)?.keys;
    if (keys?.has(name) === true) return this.#malformed("An object has this name twice.");
    keys?.add(name);
    if (++this.#keys > this.#limits.keysMax)
      return this.#beyond(`All objects together have ${this.#limits.keysMax} members at most.`);
    this.#expected = "a colon";
  }

  #openFrame(isObject: boolean): void {
    if (!this.#takesValue()) return this.#unexpected();
    this.#open.push({ isObject, keys: new Set(), items: 0 });
    this.#expected = isObject ? "a name in quotes or }" : "a value or ]";
    if (this.#open.length > this.#limits.depthMax)
      this.#beyond(`JSON nests ${this.#limits.depthMax} levels at most.`);
  }

  #closeFrame(isObject: boolean): void {
    const isEmpty = isObject ? "a name in quotes or }" : "a value or ]";
    const mayClose = this.#expected === isEmpty || this.#expected === "a comma or the end of what is open";
    if (!mayClose || this.#open.at(-1)?.isObject !== isObject) return this.#unexpected();
    this.#open.pop();
    this.#endValue();
  }

  #endValue(): void {
    const frame = this.#open.at(-1);
    this.#expected = frame === undefined ? "nothing more" : "a comma or the end of what is open";
    if (frame === undefined || frame.isObject) return;
    if (++frame.items > this.#limits.arrayItemsMax)
      this.#beyond(`An array has ${this.#limits.arrayItemsMax} items at most.`);
  }

  #takesValue(): boolean {
    return this.#expected === "a value" || this.#expected === "a value or ]";
  }

  #unexpected(): void {
    this.#malformed(`Here ${this.#expected} is expected.`);
  }

  #halfCharacter(): void {
    this.#beyond("An escape stands for half a character only.");
  }

  #malformed(detail: string): void {
    this.#fault ??= this.#faultHere("malformed", detail);
  }

  #beyond(detail: string): void {
    this.#fault ??= this.#faultHere("limit", detail);
  }

  #faultHere(kind: JsonFault["kind"], detail: string): JsonFault {
    return { kind, byte: this.#byte, line: this.#line, column: this.#byte - this.#lineStart + 1, detail };
  }
}

/** The name as JSON.parse would give it, from its bytes with the closing quote. */
function nameOf(bytes: number[]): string {
  const text = new TextDecoder().decode(new Uint8Array(bytes.slice(0, -1)));
  return text.includes("\\") ? String(JSON.parse(`"${text}"`)) : text;
}
