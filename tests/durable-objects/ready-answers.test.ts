import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AppError } from "#core/errors";
import { epochMs } from "#core/time";
import { noteSubject } from "#http/answer-subject";
import { isUnchanged } from "#http/conditional";
import { answerReadily } from "#http/ready-answers";
import { readyAnswersOf } from "#platform/ready-answers";
import { createApp } from "../../src/app.ts";
import { bindingsWith } from "./ask-app.ts";

type Env = typeof env;

const shopPage = "https://shop.example";
const freshness = { freshSeconds: 2, whileRevalidateSeconds: 10, ifErrorSeconds: 600 };

/** What a public route of the whole app says, and how often it was asked. */
const route = { says: "this", asked: 0, fails: false };

const app = createApp(() => Promise.resolve());
app.get("/kept/:name", (request) => {
  route.asked += 1;
  const { name } = request.req.param();
  if (name.startsWith("watched-")) noteSubject(request.req.raw, name);
  if (route.fails) throw new AppError("dependency_unavailable", { detail: "Nobody is there." });
  if (isUnchanged(request, `"${route.says}"`, freshness)) return request.body(null, 304);
  return request.json({ says: route.says }, 200);
});
const chain = (request: Request, bindings: Env, executionContext: ExecutionContext) =>
  app.fetch(request, bindings, executionContext);
/** How those who watch over /kept/watched hear: everything at once, unless they are deaf or have to wait for it. */
const hearing = { isDeaf: false, heardUntil: 0, awaited: undefined as (() => void) | undefined };
const watch = {
  covers: (path: string) => path.startsWith("/kept/watched"),
  follow: () => {
    if (hearing.isDeaf) return false;
    hearing.heardUntil = Date.now();
    if (hearing.awaited === undefined) return true;
    return Promise.resolve(hearing.awaited).then((happen) => {
      happen();
      return true;
    });
  },
  heardUntil: () => epochMs(hearing.heardUntil),
};
const door = answerReadily(chain, watch);

type Asked = { method?: string; headers?: Record<string, string> };

async function ask(fetch: typeof door, bindings: Env, path: string, init: Asked = {}): Promise<Response> {
  const executionContext = createExecutionContext();
  const request = new Request(`http://api.example${path}`, init);
  const response = await fetch(request, bindings, executionContext);
  await waitOnExecutionContext(executionContext);
  return response;
}

async function saidBy(response: Response): Promise<string> {
  return (await response.json<{ says: string }>()).says;
}

function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  Object.assign(route, { says: "this", asked: 0, fails: false });
  Object.assign(hearing, { isDeaf: false, heardUntil: 0, awaited: undefined });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an answer that is kept ready", () => {
  const variants = ["GET", "HEAD"].flatMap((method) =>
    ["/kept/a", "/v1/kept/a", "/kept/a?b=%C3%A4&b=2"].flatMap((path) =>
      [undefined, shopPage, "https://evil.example"].flatMap((origin) =>
        [undefined, '"this"', 'W/"this", "x"', '"that"', "*"].map((known) => ({
          method,
          path,
          origin,
          known,
        })),
      ),
    ),
  );

  test.each([bindingsWith({ CORS_ORIGINS: shopPage }), bindingsWith({ ENVIRONMENT: "production" })])(
    "is the one that the whole app gives, in status, headers and body (settings %#)",
    async (bindings) => {
      for (const { method, path, origin, known } of variants) {
        const headers = {
          "request-id": "of-the-caller",
          "cf-connecting-ip": "2001:db8::1",
          ...(origin === undefined ? {} : { origin }),
        };
        await ask(door, bindings, path, { headers });
        const conditions = known === undefined ? {} : { "if-none-match": known };
        const init = { method, headers: { ...headers, ...conditions } };
        const expected = await ask(chain, bindings, path, init);
        const asked = route.asked;
        const given = await ask(door, bindings, path, init);
        const isKept = origin === undefined || expected.headers.has("access-control-allow-origin");
        expect(route.asked - asked).toBe(isKept ? 0 : 1);
        expect(given.status).toBe(expected.status);
        expect(headersOf(given)).toEqual(headersOf(expected));
        expect(await given.text()).toBe(await expected.text());
      }
    },
  );

  /** What is left to a caller is less after each request, and said anew. */
  function headersOf({ headers }: Response): Record<string, string> {
    return {
      ...Object.fromEntries(headers),
      ratelimit: headers.get("ratelimit")?.replaceAll(/r=\d+/g, "r") ?? "",
    };
  }

  test("has an id of its own request", async () => {
    const bindings = bindingsWith({});
    const ids = [1, 2, 3].map(async () => (await ask(door, bindings, "/kept/a")).headers.get("request-id"));
    expect(new Set(await Promise.all(ids)).size).toBe(3);
    const bad = await ask(door, bindings, "/kept/a", { headers: { "request-id": "no id at all!" } });
    expect(bad.headers.get("request-id")).toMatch(/^req_/);
  });

  test("is given to nobody who is known or has to see a write", async () => {
    const bindings = bindingsWith({});
    await ask(door, bindings, "/kept/a");
    for (const headers of [{ cookie: "a=b" }, { authorization: "Bearer x" }, { "consistency-token": "x" }]) {
      const { status } = await ask(door, bindings, "/kept/a", { headers });
      expect(status).toBe(
        "cookie" in headers ? 200 : (await ask(chain, bindings, "/kept/a", { headers })).status,
      );
    }
    expect(route.asked).toBe(2);
  });

  test("is not made of what somebody known was told", async () => {
    const bindings = bindingsWith({});
    await ask(door, bindings, "/kept/a", { headers: { cookie: "a=b" } });
    await ask(door, bindings, "/kept/a");
    expect(route.asked).toBe(2);
  });

  test("counts for its caller, who is refused when it was too often", async () => {
    const bindings = bindingsWith({ RATE_LIMIT_ADDRESS: "10" });
    const from = (address: string) => ({ headers: { "cf-connecting-ip": address } });
    const statuses: number[] = [];
    for (let time = 0; time < 12; time++)
      statuses.push((await ask(door, bindings, "/kept/a", from("192.0.2.1"))).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    expect((await ask(door, bindings, "/kept/a", from("192.0.2.2"))).status).toBe(200);
    expect(route.asked).toBe(1);
  });

  test("tells what is left to its caller", async () => {
    const bindings = bindingsWith({ RATE_LIMIT_ADDRESS: "10" });
    const left: (string | null)[] = [];
    for (let time = 0; time < 3; time++)
      left.push((await ask(door, bindings, "/kept/a")).headers.get("ratelimit"));
    expect(left).toEqual([9, 8, 7].map((rest) => expect.stringMatching(`^"address";r=${rest};t=\\d+$`)));
  });
});

describe("an answer that is fresh no more", () => {
  test("is given once more while one request has a newer one made, which costs its caller nothing", async () => {
    const bindings = bindingsWith({ RATE_LIMIT_ADDRESS: "10" });
    await ask(door, bindings, "/kept/a");
    route.says = "that";
    passSeconds(5);
    const old = await ask(door, bindings, "/kept/a");
    expect([await saidBy(old), old.headers.get("age"), route.asked]).toEqual(["this", "5", 2]);
    const renewed = await ask(door, bindings, "/kept/a");
    expect([await saidBy(renewed), renewed.headers.get("age"), route.asked]).toEqual(["that", null, 2]);
    expect(renewed.headers.get("ratelimit")).toContain(";r=7;");
  });

  test("is renewed for the origin that it is for", async () => {
    const bindings = bindingsWith({ CORS_ORIGINS: shopPage });
    const fromPage = { headers: { origin: shopPage } };
    await ask(door, bindings, "/kept/a", fromPage);
    passSeconds(5);
    await ask(door, bindings, "/kept/a", fromPage);
    const renewed = await ask(door, bindings, "/kept/a", fromPage);
    expect(route.asked).toBe(2);
    expect(renewed.headers.get("access-control-allow-origin")).toBe(shopPage);
    expect((await ask(door, bindings, "/kept/a")).headers.has("access-control-allow-origin")).toBe(false);
  });

  test("is not given when it is too old and a newer one can be had", async () => {
    const bindings = bindingsWith({});
    await ask(door, bindings, "/kept/a");
    route.says = "that";
    passSeconds(12);
    expect(await saidBy(await ask(door, bindings, "/kept/a"))).toBe("that");
  });

  test("is given while no newer one can be had, but not for ever", async () => {
    const bindings = bindingsWith({});
    await ask(door, bindings, "/kept/a");
    route.fails = true;
    passSeconds(599);
    const old = await ask(door, bindings, "/kept/a", { headers: { "request-id": "of-the-caller" } });
    expect([old.status, await saidBy(old), old.headers.get("age")]).toEqual([200, "this", "599"]);
    expect(old.headers.get("request-id")).toBe("of-the-caller");
    expect(old.headers.get("ratelimit")).toMatch(/^"address";r=\d+;t=\d+$/);
    passSeconds(1);
    expect((await ask(door, bindings, "/kept/a")).status).toBe(503);
  });

  test("is forgotten with its path when that is said to have changed", async () => {
    const bindings = bindingsWith({});
    for (const path of ["/kept/a", "/kept/a?b=c", "/kept/b"]) await ask(door, bindings, path);
    readyAnswersOf(bindings).forget(new Set(["/kept/a"]));
    for (const path of ["/kept/a", "/kept/a?b=c", "/kept/b"]) await ask(door, bindings, path);
    expect(route.asked).toBe(5);
  });

  test("is not kept when it was begun before something changed", async () => {
    const bindings = bindingsWith({});
    const overtaken = answerReadily(async (...asked) => {
      const response = await chain(...asked);
      readyAnswersOf(bindings).forget(new Set(["/kept/a"]));
      return response;
    }, watch);
    await ask(overtaken, bindings, "/kept/a");
    await ask(door, bindings, "/kept/a");
    expect(route.asked).toBe(2);
  });
});

describe("an answer that is made of what is announced when it changes", () => {
  const [tent, lamp, list] = ["/kept/watched-tent", "/kept/watched-lamp", "/kept/watched"];

  /** Of somebody who hears from now on. */
  function bindingsOfHearer(): Env {
    const bindings = bindingsWith({});
    readyAnswersOf(bindings).beginAnew(epochMs(Date.now()));
    return bindings;
  }

  function hearOf(bindings: Env, ...subjects: string[]): void {
    readyAnswersOf(bindings).hear(new Set(subjects), epochMs(Date.now()));
  }

  /** Asks every few seconds; how often the app was asked meanwhile. */
  async function askFor(bindings: Env, path: string, seconds: number): Promise<number> {
    const asked = route.asked;
    for (let passed = 0; passed < seconds; passed += 3) {
      passSeconds(3);
      await ask(door, bindings, path);
    }
    return route.asked - asked;
  }

  test.each([tent, list])(
    "is good for as long as nothing is heard, though a minute at most (%s)",
    async (path) => {
      const bindings = bindingsOfHearer();
      await ask(door, bindings, path);
      expect(await askFor(bindings, path, 57)).toBe(0);
      expect((await ask(door, bindings, path)).headers.has("age")).toBe(false);
      expect(await askFor(bindings, path, 9)).toBe(1);
    },
  );

  test("is given no more once its change is heard, and others are", async () => {
    const bindings = bindingsOfHearer();
    for (const path of [tent, lamp]) await ask(door, bindings, path);
    route.says = "that";
    hearOf(bindings, "watched-tent");
    expect(await saidBy(await ask(door, bindings, tent))).toBe("that");
    expect(await saidBy(await ask(door, bindings, lamp))).toBe("this");
  });

  test("is not given before it is known what was announced during a silence", async () => {
    const bindings = bindingsOfHearer();
    await ask(door, bindings, tent);
    passSeconds(9);
    route.says = "that";
    hearing.awaited = () => hearOf(bindings, "watched-tent");
    expect(await saidBy(await ask(door, bindings, tent))).toBe("that");
  });

  test("of many things is fresh no longer than it says after anything has changed", async () => {
    const bindings = bindingsOfHearer();
    await ask(door, bindings, list);
    passSeconds(9);
    await ask(door, bindings, list);
    route.says = "that";
    hearOf(bindings, "watched-tent");
    expect(await saidBy(await ask(door, bindings, list))).toBe("that");
  });

  test.each([tent, list])(
    "is not believed for longer when it may be made of what was remembered from before a change (%s)",
    async (path) => {
      const bindings = bindingsOfHearer();
      await ask(door, bindings, path);
      hearOf(bindings, "watched-tent");
      passSeconds(2);
      // The app still answers from its memory of a moment ago.
      await ask(door, bindings, path);
      route.says = "that";
      passSeconds(2);
      expect(await saidBy(await ask(door, bindings, path))).toBe("that");
      expect(await askFor(bindings, path, 30)).toBe(0);
    },
  );

  test("is made anew after its freshness where changes were missed before", async () => {
    const bindings = bindingsOfHearer();
    await ask(door, bindings, tent);
    passSeconds(9);
    readyAnswersOf(bindings).beginAnew(epochMs(Date.now()));
    expect(await askFor(bindings, tent, 3)).toBe(1);
  });

  test("is renewed as others are while nobody hears of changes", async () => {
    const bindings = bindingsOfHearer();
    await ask(door, bindings, tent);
    hearing.isDeaf = true;
    passSeconds(5);
    route.says = "that";
    const old = await ask(door, bindings, tent);
    expect([await saidBy(old), old.headers.get("age"), route.asked]).toEqual(["this", "5", 2]);
    expect(await saidBy(await ask(door, bindings, tent))).toBe("that");
  });
});

describe("what is not kept", () => {
  test.each(["/health", "/no/such/path", "/kept/a/"])("%s", async (path) => {
    let asked = 0;
    const counted = answerReadily((...question) => {
      asked += 1;
      return chain(...question);
    }, watch);
    const bindings = bindingsWith({});
    for (let time = 0; time < 2; time++) await ask(counted, bindings, path);
    expect(asked).toBe(2);
  });

  test("what there is no room for: the oldest answers, and one that is too large", () => {
    const answers = readyAnswersOf(bindingsWith({}));
    const shape = { headers: new Headers(), headersUnchanged: new Headers(), freshness };
    const keep = (key: string, bytes: number) =>
      answers.keep(
        key,
        { body: new Uint8Array(bytes), etag: '"1"', shape, madeAt: epochMs(0) },
        answers.forgettings,
      );
    for (let number = 0; number < 70; number++) keep(`/${number}`, 400_000);
    expect([answers.find("/0"), answers.find("/69")?.body.length]).toEqual([undefined, 400_000]);
    keep("/too-large", 600_000);
    expect(answers.find("/too-large")).toBeUndefined();
    for (let number = 0; number < 10_001; number++) keep(`/small/${number}`, 1);
    expect([answers.find("/69"), answers.find("/small/0")]).toEqual([undefined, undefined]);
    expect(answers.find("/small/1")).toBeDefined();
  });
});
