import { createHash, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, request, stack } from "../../stack.ts";

const REDIRECTS_MAX = 12;

export type Person = { subject: string; email: string; email_verified?: "true"; name?: string };

export function newPerson(changes: Partial<Person> = {}): Person {
  const id = randomUUID();
  return { subject: id, email: `${id}@people.example`, email_verified: "true", name: "Ada L.", ...changes };
}

export function unverified({ subject, email }: Person): Person {
  return { subject, email };
}

/** A secret that the shop's page keeps, and what it tells the API of it. */
export function newVerifier() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/** A browser: it keeps cookies by origin, and shows where each redirect leads. */
export function openBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string): Map<string, string> => {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const cookieFor = (url: string): Record<string, string> => {
    const cookies = Array.from(jarOf(url), ([name, value]) => `${name}=${value}`);
    return cookies.length === 0 ? {} : { cookie: cookies.join("; ") };
  };
  const keepCookies = (url: string, headers: Headers): void => {
    for (const cookie of headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const [name = "", ...value] = pair.split("=");
      jarOf(url).set(name, value.join("="));
    }
  };
  /** Asks the shop's API, whose answers are held against its description. */
  const ask = async (url: string): Promise<Answer> => {
    const answer = await request(url.slice(stack().api.length), { headers: cookieFor(url) });
    keepCookies(url, answer.headers);
    return answer;
  };
  /** Follows redirects at the provider until a page is shown, or the shop is reached again. */
  const visit = async (start: string, form?: Record<string, string>): Promise<string> => {
    let url = start;
    let body = form === undefined ? undefined : new URLSearchParams(form);
    for (let hop = 0; hop < REDIRECTS_MAX; hop++) {
      const method = body === undefined ? "GET" : "POST";
      const headers = cookieFor(url);
      const response = await fetch(url, { method, headers, body: body ?? null, redirect: "manual" });
      keepCookies(url, response.headers);
      const location = response.headers.get("location");
      await response.text();
      if (location === null) return url;
      url = new URL(location, url).href;
      body = undefined;
      if (url.startsWith(`${stack().api}/`)) return url;
    }
    throw new Error(`too many redirects from ${start}`);
  };
  return { ask, visit };
}

export type Browser = ReturnType<typeof openBrowser>;

export function locationOf({ status, headers, body }: Answer): string {
  const location = headers.get("location");
  if (status !== 302 || location === null) throw new Error(`no redirect: ${status} ${JSON.stringify(body)}`);
  return location;
}

export function startUrl(provider: string, query: Record<string, string>): string {
  return `${stack().api}/auth/oauth/${provider}?${new URLSearchParams(query).toString()}`;
}

/** Where the provider sends the browser back to, once this person has signed in there. */
export async function callbackAfter(browser: Browser, start: string, person: Person): Promise<string> {
  const departure = locationOf(await browser.ask(start));
  const page = await browser.visit(departure);
  return page.startsWith(stack().api) ? page : browser.visit(page, person);
}

/** The whole way through a browser: the query with which the shop's page is led back to. */
export async function signInAt(provider: string, person: Person) {
  const browser = openBrowser();
  const { verifier, challenge } = newVerifier();
  const callback = await callbackAfter(browser, startUrl(provider, { code_challenge: challenge }), person);
  const returned = new URL(locationOf(await browser.ask(callback)));
  return { browser, callback, returned, exchange: { code: codeIn(returned), code_verifier: verifier } };
}

export function codeIn(returned: URL): string {
  return z.string({ error: `no code in ${returned.href}` }).parse(returned.searchParams.get("code"));
}

export function exchange(body: object) {
  return request("/auth/oauth/exchange", { method: "POST", json: body });
}
