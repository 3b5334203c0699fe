/** Thrown for an `Upstash-Retry-Delay` that is not an expression of the documented language. */
export class InvalidRetryExpression extends Error {
  constructor(detail: string) {
    super(`invalid retry delay expression: ${detail}`);
    this.name = "InvalidRetryExpression";
  }
}

type KnownFunction = { arity: number; apply: (...values: number[]) => number };

const FUNCTIONS: ReadonlyMap<string, KnownFunction> = new Map([
  ["pow", { arity: 2, apply: Math.pow }],
  ["exp", { arity: 1, apply: Math.exp }],
  ["sqrt", { arity: 1, apply: Math.sqrt }],
  ["abs", { arity: 1, apply: Math.abs }],
  ["floor", { arity: 1, apply: Math.floor }],
  ["ceil", { arity: 1, apply: Math.ceil }],
  ["round", { arity: 1, apply: Math.round }],
  ["min", { arity: 2, apply: Math.min }],
  ["max", { arity: 2, apply: Math.max }],
]);

const CHARACTERS_MAX = 200;
const TOKEN = /\d+(?:\.\d+)?|[a-z]+|[()+\-*/,]/g;

/**
 * Milliseconds that an `Upstash-Retry-Delay` expression stands for. `retried` is 0 before the first retry.
 * A recursive descent over the documented grammar: numbers, `retried`, `+ - * /`, brackets and nine functions.
 */
export function evaluateRetryExpression(source: string, retried: number): number {
  const tokens = tokenize(source);
  let position = 0;

  const peek = () => tokens[position];
  const advance = () => tokens[position++];
  const expect = (wanted: string) => {
    if (advance() !== wanted) throw new InvalidRetryExpression(`expected "${wanted}"`);
  };

  function sum(): number {
    let value = product();
    while (peek() === "+" || peek() === "-") {
      value = advance() === "+" ? value + product() : value - product();
    }
    return value;
  }

  function product(): number {
    let value = factor();
    while (peek() === "*" || peek() === "/") {
      value = advance() === "*" ? value * factor() : value / factor();
    }
    return value;
  }

  function factor(): number {
    const token = advance();
    if (token === undefined) throw new InvalidRetryExpression("it ends too early");
    if (token === "-") return -factor();
    if (token === "(") {
      const value = sum();
      expect(")");
      return value;
    }
    if (token === "retried") return retried;
    if (/^\d/.test(token)) return Number(token);
    return call(token);
  }

  function call(name: string): number {
    const known = FUNCTIONS.get(name);
    if (!known) throw new InvalidRetryExpression(`"${name}" is not known`);
    expect("(");
    const values = [sum()];
    while (peek() === ",") {
      advance();
      values.push(sum());
    }
    expect(")");
    if (values.length !== known.arity) {
      throw new InvalidRetryExpression(`${name} takes ${known.arity} values`);
    }
    return known.apply(...values);
  }

  const value = sum();
  if (position !== tokens.length) throw new InvalidRetryExpression(`unexpected "${peek()}"`);
  return value;
}

function tokenize(source: string): string[] {
  if (source.length > CHARACTERS_MAX) {
    throw new InvalidRetryExpression(`it is longer than ${CHARACTERS_MAX} characters`);
  }
  const tokens = source.match(TOKEN) ?? [];
  if (tokens.join("") !== source.replaceAll(/\s+/g, "")) {
    throw new InvalidRetryExpression("it holds a character that is not allowed");
  }
  return tokens;
}
