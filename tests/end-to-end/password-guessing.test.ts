import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnStack, startOwnStack } from "../own-stack.ts";

const owners = 8;
const attackers = 10;
const guessesOfEach = 120;
const attackersAtOnce = 5;
/** Logins of one owner in a phase, one after the other. */
const loginsOfEach = 4;

type Owner = { email: string; password: string; address: string };
type Login = { status: number; hashed: boolean; ms: number };

let stack: OwnStack;

beforeAll(async () => {
  stack = await startOwnStack({ workerSettings: { RATE_LIMIT_SCALE: "1" }, leadTo: () => {} });
});

afterAll(async () => {
  await stack?.end();
});

async function post(path: string, json: unknown, address: string): Promise<Response> {
  return fetch(`${stack.addresses.api}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "cf-connecting-ip": address },
    body: JSON.stringify(json),
  });
}

async function logIn({ email, password, address }: Owner): Promise<Login> {
  const startedAt = performance.now();
  const response = await post("/auth/login", { email, password }, address);
  await response.text();
  const hashed = !(response.headers.get("server-timing") ?? "").includes('hashings;desc="0"');
  return { status: response.status, hashed, ms: performance.now() - startedAt };
}

async function newOwner(_: unknown, index: number): Promise<Owner> {
  const owner = {
    email: `${randomUUID()}@owners.example`,
    password: `correct horse ${randomUUID()}`,
    address: `198.51.${index}.7`,
  };
  const { address, ...account } = owner;
  const response = await post("/auth/register", { ...account, name: "Ada" }, address);
  expect(response.status, await response.text()).toBe(201);
  return owner;
}

async function logInAll(accounts: readonly Owner[]): Promise<Login[]> {
  const logins: Login[] = [];
  for (let round = 0; round < loginsOfEach; round++)
    for (const account of accounts) logins.push(await logIn(account));
  return logins;
}

/** Each attacker, from a network of its own, tries passwords at all the accounts in turn. */
async function attack(accounts: readonly Owner[]): Promise<Login[]> {
  const guesses: Login[] = [];
  const networks = Array.from({ length: attackers }, (_, index) => `203.0.${index}.9`);
  const work = async () => {
    for (let address = networks.pop(); address !== undefined; address = networks.pop())
      for (let attempt = 0; attempt < guessesOfEach; attempt++) {
        const { email } = accounts[attempt % accounts.length] ?? { email: "nobody@owners.example" };
        guesses.push(await logIn({ email, password: `guess ${address} ${attempt}`, address }));
      }
  };
  await Promise.all(Array.from({ length: attackersAtOnce }, work));
  return guesses;
}

function medianMs(logins: readonly Login[]): number {
  const sorted = logins.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

test("a load of guesses is held off while every owner signs in, from home and from elsewhere", async () => {
  const accounts = await Promise.all(Array.from({ length: owners }, newOwner));
  const calm = await logInAll(accounts);
  const guessing = attack(accounts);
  const fromHome = await logInAll(accounts);
  const guesses = await guessing;
  const elsewhere = accounts.map((owner, index) => ({ ...owner, address: `192.0.${index}.3` }));
  const fromElsewhere: Login[] = [];
  for (const owner of elsewhere) fromElsewhere.push(await logIn(owner));

  const through = guesses.filter(({ hashed }) => hashed);
  const succeeded = (logins: readonly Login[]) => logins.filter(({ status }) => status === 200).length;
  console.table({
    "guesses sent": { count: guesses.length },
    "let through to hashing": { count: through.length },
    "held off": { count: guesses.filter(({ status }) => status === 429).length },
    "owners' logins in calm": { count: succeeded(calm), of: calm.length, "median ms": medianMs(calm) },
    "owners' logins under attack": {
      count: succeeded(fromHome),
      of: fromHome.length,
      "median ms": medianMs(fromHome),
    },
    "owners' logins from new networks": {
      count: succeeded(fromElsewhere),
      of: fromElsewhere.length,
      "median ms": medianMs(fromElsewhere),
    },
    "latency under attack to calm": { "median ms": medianMs(fromHome) / medianMs(calm) },
  });

  expect(guesses).toHaveLength(attackers * guessesOfEach);
  expect(guesses.some(({ status }) => status === 200)).toBe(false);
  expect(through.length).toBeLessThan(guesses.length / 2);
  expect(succeeded(calm)).toBe(calm.length);
  expect(succeeded(fromHome)).toBe(fromHome.length);
  expect(succeeded(fromElsewhere)).toBe(fromElsewhere.length);
});
