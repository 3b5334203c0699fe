import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchFromProvider, fetchWithin } from "#providers/fetch";
import { AppError } from "#core/errors";

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  if (request.url === "/moved") response.writeHead(302, { location: "/secret" }).end();
  else if (request.url === "/huge") response.end(Buffer.alloc(9 * 1024 * 1024));
  else if (request.url !== "/silent") response.end("fine");
});
let origin = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  origin = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const send = (path: string, deadlineMs = 20_000) =>
  fetchWithin({ origins: [origin], deadlineMs })(origin + path);

test("an origin of the list is asked", async () => {
  expect(await (await send("/fine")).text()).toBe("fine");
});

test.each([
  "http://169.254.169.254/latest/meta-data",
  "http://127.0.0.1:1/",
  "https://evil.example/",
  "file:///etc/passwd",
])("%s is not", async (url) => {
  await expect(fetchWithin({ origins: [origin], deadlineMs: 1000 })(url)).rejects.toThrow(
    "not among the origins",
  );
});

test("a name and password in the address, which could hide the host, are refused", async () => {
  await expect(
    fetchWithin({ origins: [origin], deadlineMs: 1000 })(origin.replace("//", "//a:b@")),
  ).rejects.toThrow("not among the origins");
});

test("a redirect is an error, and where it leads is never asked", async () => {
  await expect(send("/moved")).rejects.toThrow("redirect");
  expect(asked).not.toContain("/secret");
});

test("an answer that is too large is given up", async () => {
  const response = await send("/huge");
  await expect(response.arrayBuffer()).rejects.toThrow("larger");
});

test("an answer that does not come is given up at the deadline", async () => {
  await expect(send("/silent", 50)).rejects.toThrow();
});

test("a client hears that a service is away, not where we would not go", async () => {
  const policy = { provider: "mail", origins: [origin], deadlineMs: 1000, attemptsMax: 3 };
  const refusal = await fetchFromProvider("http://127.0.0.1:1/", {}, policy).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(AppError);
  expect(refusal).toMatchObject({ code: "dependency_unavailable" });
  expect(String(refusal)).not.toContain("127.0.0.1");
});
