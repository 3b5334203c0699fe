import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { close, listen } from "#local/http-server";
import { createShopClient, type Customer } from "../shop-client.ts";

const root = join(import.meta.dirname, "..", "..");
const eventually = { timeout: 60_000, interval: 50 };

const Account = z.object({ email: z.email(), password: z.string().min(8) });
const Announcement = z.object({
  api: z.url(),
  services: z
    .object({ postgres: z.url(), replica: z.url(), redis: z.url(), queue: z.url(), search: z.url() })
    .catchall(z.url()),
  admin: Account,
  customer: Account,
});
type Announcement = z.infer<typeof Announcement>;

const launched: ChildProcess[] = [];
let stateFolder: string;
let shop: { process: ChildProcess; announcement: Announcement };
let customer: Customer;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-start-"));
});

afterAll(async () => {
  for (const child of launched) child.kill("SIGKILL");
  await rm(stateFolder, { recursive: true, force: true });
});

test("start brings up a shop that its demo customer can sign in to", async () => {
  shop = await startShop();
  const client = createShopClient(shop.announcement.api);
  customer = await client.registerCustomer();
  const login = await client.request("/auth/login", { method: "POST", json: shop.announcement.customer });
  expect(login.status).toBe(200);
});

test("a second start on the same state is refused, and so is a reset", async () => {
  expect(await run("start")).toMatchObject({ code: 1, output: expect.stringContaining("running already") });
  expect(await run("reset")).toMatchObject({ code: 1, output: expect.stringContaining("Stop it first") });
});

test("a killed start takes every part along", async () => {
  shop.process.kill("SIGKILL");
  await vi.waitFor(async () => expect(await answering(shop.announcement)).toEqual([]), eventually);
});

test("after the kill the next start has everything that was there", async () => {
  shop = await startShop();
  const { request } = createShopClient(shop.announcement.api);
  const profile = await request("/auth/profile", { token: customer.token });
  expect(profile.status).toBe(401);
  const { email, password } = customer;
  expect((await request("/auth/login", { method: "POST", json: { email, password } })).status).toBe(200);
});

test("Ctrl-C ends it in order and leaves nothing behind", async () => {
  const exited = once(shop.process, "exit");
  shop.process.kill("SIGINT");
  expect(await exited).toEqual([0, null]);
  expect(await answering(shop.announcement)).toEqual([]);
  expect(await readdir(stateFolder)).not.toContain("stack.json");
});

test("a taken port is named, with what to do about it", async () => {
  const occupant = createServer();
  const port = new URL(await listen(occupant, 0)).port;
  const refused = await run("start", { PORT: port });
  await close(occupant);
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining(`${port} (api)`) });
  expect(refused.output).toContain("PORT");
});

test("reset forgets everything", async () => {
  expect(await run("reset")).toMatchObject({ code: 0 });
  expect(await readdir(stateFolder)).toEqual([]);
});

function launch(program: string, environment: Record<string, string> = {}): ChildProcess {
  const words = ["--disable-warning=ExperimentalWarning", join(root, "local", `${program}.ts`)];
  const free = { STATE_FOLDER: stateFolder, PORT: "0", SERVICES_PORT: "0" };
  const child = spawn(process.execPath, words, {
    cwd: root,
    env: { ...process.env, ...free, ...environment },
  });
  launched.push(child);
  return child;
}

function collectOutput(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  return () => output;
}

async function run(program: string, environment: Record<string, string> = {}) {
  const child = launch(program, environment);
  const output = collectOutput(child);
  await once(child, "close");
  return { code: child.exitCode, output: output() };
}

async function startShop(): Promise<typeof shop> {
  const child = launch("start");
  const output = collectOutput(child);
  await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(output());
      expect(output()).toContain("Tradewind is up");
    },
    { timeout: 100_000, interval: 50 },
  );
  const announced = await readFile(join(stateFolder, "stack.json"), "utf8");
  return { process: child, announcement: Announcement.parse(JSON.parse(announced)) };
}

/** Addresses of a stack at which something still listens. */
async function answering({ api, services }: Announcement): Promise<string[]> {
  const urls = [api, ...Object.values(services)];
  const checks = urls.map(async (url) => ({ url, isFree: await canListen(Number(new URL(url).port)) }));
  return (await Promise.all(checks)).filter(({ isFree }) => !isFree).map(({ url }) => url);
}

async function canListen(port: number): Promise<boolean> {
  const probe = createServer();
  const isFree = await listen(probe, port).then(
    () => true,
    () => false,
  );
  await close(probe);
  return isFree;
}
