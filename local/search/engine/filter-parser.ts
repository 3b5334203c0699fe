import { MeilisearchError } from "../meilisearch-error.ts";

export type Comparison = "=" | "!=" | ">" | ">=" | "<" | "<=";

/** A filter expression as a tree. Literals stay text: whether `10` is a number is the attribute's matter. */
export type Filter =
  | { kind: "and" | "or"; parts: Filter[] }
  | { kind: "not"; part: Filter }
  | { kind: "compare"; attribute: string; comparison: Comparison; literal: string }
  | { kind: "range"; attribute: string; from: number; to: number }
  | { kind: "in"; attribute: string; literals: string[] }
  | { kind: "contains" | "starts_with"; attribute: string; literal: string }
  | { kind: "exists" | "null" | "empty"; attribute: string };

type Lexeme = { text: string; kind: "quoted" | "word" | "sign"; start: number };

const LEXEME = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(!=|>=|<=|[=<>()[\],])|([^\s()=!<>[\],"']+))/gy;
const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(["=", "!=", ">", ">=", "<", "<="]);
const DEPTH_MAX = 200;

/** Parses the array form (outer arrays mean AND, inner ones OR) and the string form. Undefined: no filter. */
export function parseFilter(source: unknown): Filter | undefined {
  if (source === undefined || source === null || source === "") return undefined;
  if (typeof source === "string") {
    return source.trim() === "" ? undefined : new FilterParser(source).parse();
  }
  if (!Array.isArray(source)) {
    throw new MeilisearchError(
      "invalid_search_filter",
      `Invalid syntax for the filter parameter: \`expected String, Array, found: ${JSON.stringify(source)}\`.`,
    );
  }
  const parts = source.map((part: unknown) => (Array.isArray(part) ? anyOf(part) : parseFilter(part)));
  return joined("and", parts);
}

function anyOf(parts: unknown[]): Filter | undefined {
  return joined(
    "or",
    parts.map((part) => parseFilter(part)),
  );
}

function joined(kind: "and" | "or", parts: (Filter | undefined)[]): Filter | undefined {
  const present = parts.filter((part) => part !== undefined);
  return present.length > 1 ? { kind, parts: present } : present[0];
}

/** Recursive descent: OR binds loosest, then AND, then NOT. */
class FilterParser {
  readonly #source: string;
  readonly #lexemes: Lexeme[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#lexemes = lexemesOf(source);
  }

  parse(): Filter {
    const filter = this.#or();
    if (this.#next < this.#lexemes.length)
      throw this.#fault("Found unexpected characters at the end of the filter");
    return filter;
  }

  #or(): Filter {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw this.#fault("The filter exceeded the maximum depth limit");
    const parts = [this.#and()];
    while (this.#take("OR")) parts.push(this.#and());
    this.#depth -= 1;
    return joined("or", parts) ?? this.#expected("an expression");
  }

  #and(): Filter {
    const parts = [this.#not()];
    while (this.#take("AND")) parts.push(this.#not());
    return joined("and", parts) ?? this.#expected("an expression");
  }

  #not(): Filter {
    let isNegated = false;
    while (this.#take("NOT")) isNegated = !isNegated;
    const part = this.#primary();
    return isNegated ? { kind: "not", part } : part;
  }

  #primary(): Filter {
    if (this.#takeSign("(")) {
      const filter = this.#or();
      if (!this.#takeSign(")")) this.#expected("a closing parenthesis");
      return filter;
    }
    const attribute = this.#value();
    if (attribute.startsWith("_geo")) throw this.#fault("The local search engine has no geographic filters");
    const isNegated = this.#take("NOT");
    const condition = this.#condition(attribute);
    return isNegated ? { kind: "not", part: condition } : condition;
  }

  #condition(attribute: string): Filter {
    if (this.#take("IN")) return { kind: "in", attribute, literals: this.#list() };
    if (this.#take("EXISTS")) return { kind: "exists", attribute };
    if (this.#take("CONTAINS")) return { kind: "contains", attribute, literal: this.#value() };
    if (this.#take("STARTS")) {
      if (!this.#take("WITH")) this.#expected("`STARTS WITH`");
      return { kind: "starts_with", attribute, literal: this.#value() };
    }
    if (this.#take("IS")) return this.#state(attribute);
    const lexeme = this.#lexemes[this.#next];
    if (lexeme?.kind === "sign" && isComparison(lexeme.text)) {
      this.#next += 1;
      return { kind: "compare", attribute, comparison: lexeme.text, literal: this.#value() };
    }
    return this.#range(attribute);
  }

  #state(attribute: string): Filter {
    const isNegated = this.#take("NOT");
    const kind = this.#take("NULL")
      ? "null"
      : this.#take("EMPTY")
        ? "empty"
        : this.#expected("`NULL` or `EMPTY`");
    const state: Filter = { kind, attribute };
    return isNegated ? { kind: "not", part: state } : state;
  }

  #range(attribute: string): Filter {
    if (this.#lexemes[this.#next]?.kind !== "word") {
      this.#expected(
        "an operation `=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, `EXISTS`, `NOT EXISTS`, `IS NULL`, `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, `CONTAINS`, `NOT CONTAINS`, `STARTS WITH`, `NOT STARTS WITH`",
      );
    }
    const from = this.#number();
    if (!this.#take("TO")) this.#expected("`TO`");
    return { kind: "range", attribute, from, to: this.#number() };
  }

  #list(): string[] {
    if (!this.#takeSign("[")) this.#expected("`[` after `IN`");
    const literals: string[] = [];
    while (!this.#takeSign("]")) {
      literals.push(this.#value());
      if (!this.#takeSign(",") && !this.#isSign("]")) this.#expected("`,` or `]`");
    }
    return literals;
  }

  #number(): number {
    const text = this.#value();
    const number = Number(text);
    return Number.isNaN(number) ? this.#expected(`a number instead of \`${text}\``) : number;
  }

  #value(): string {
    const lexeme = this.#lexemes[this.#next];
    if (lexeme === undefined || lexeme.kind === "sign") return this.#expected("an attribute or a value");
    this.#next += 1;
    return lexeme.text;
  }

  #take(keyword: string): boolean {
    const lexeme = this.#lexemes[this.#next];
    if (lexeme?.kind !== "word" || lexeme.text.toUpperCase() !== keyword) return false;
    this.#next += 1;
    return true;
  }

  #isSign(sign: string): boolean {
    const lexeme = this.#lexemes[this.#next];
    return lexeme?.kind === "sign" && lexeme.text === sign;
  }

  #takeSign(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#next += 1;
    return true;
  }

  #expected(what: string): never {
    throw this.#fault(`Was expecting ${what}`);
  }

  #fault(problem: string): MeilisearchError {
    const start = this.#lexemes[this.#next]?.start ?? this.#source.length;
    return syntaxFault(this.#source, start, problem);
  }
}

function lexemesOf(source: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  let end = 0;
  for (const match of source.matchAll(LEXEME)) {
    end = match.index + match[0].length;
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) {
      lexemes.push({
        text: quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1"),
        kind: "quoted",
        start: end - quoted.length,
      });
    } else if (sign !== undefined) lexemes.push({ text: sign, kind: "sign", start: end - sign.length });
    else if (word !== undefined) lexemes.push({ text: word, kind: "word", start: end - word.length });
  }
  if (source.slice(end).trim() !== "")
    throw syntaxFault(source, end, "Found a character that no filter holds");
  return lexemes;
}

function isComparison(text: string): text is Comparison {
  return COMPARISONS.has(text);
}

function syntaxFault(source: string, start: number, problem: string): MeilisearchError {
  return new MeilisearchError(
    "invalid_search_filter",
    `${problem} at \`${source.slice(start)}\`.\n${start + 1}:${source.length + 1} ${source}`,
  );
}
