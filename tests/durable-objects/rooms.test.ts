import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { epochMs } from "#core/time";
import type { Entry } from "#durable-objects/rooms/admission";
import { clientLimits, closeCodes, roomLimits } from "#durable-objects/rooms/messages";
import { type Publication, streamLimits } from "#durable-objects/rooms/stream";

const roomOf = (name: string) => env.ROOMS.get(env.ROOMS.idFromName(name));
type Room = ReturnType<typeof roomOf>;

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

function publication(eventId: string): Publication {
  return {
    eventId,
    type: "order.paid",
    data: { order_id: "ord_1", sequence: 2, status: eventId },
    at: "2026-11-22T12:00:00.000Z",
  };
}

/** Calls of one stub arrive in the order in which they were made. */
async function publishAll(room: Room, eventIds: readonly string[]): Promise<string[]> {
  const replies = await Promise.all(eventIds.map((eventId) => room.publish(publication(eventId))));
  return replies.flatMap((reply) => (reply.ok ? [reply.cursor] : []));
}

function knock(
  room: Room,
  entry: Partial<Entry> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const kind = "upgrade" in headers ? "websocket" : "event_stream";
  const whole: Entry = {
    kind,
    ticketId: crypto.randomUUID(),
    expiresAt: epochMs(Date.now() + 60_000),
    ...entry,
  };
  return room.fetch("https://room.invalid/", {
    headers: { ...headers, "live-entry": JSON.stringify(whole) },
  });
}

type Heard = { type: string; cursor?: string; data?: { status: string } };

async function listen(room: Room, entry: Partial<Entry> = {}) {
  const answer = await knock(room, entry, { upgrade: "websocket" });
  const socket = answer.webSocket;
  if (!socket) throw new Error(`no WebSocket came with ${answer.status}`);
  const heard: Heard[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("message", ({ data }) => {
    heard.push(JSON.parse(String(data)));
  });
  socket.accept();
  const types = () => heard.map(({ type }) => type);
  const events = () => heard.flatMap(({ data }) => (data ? [data.status] : []));
  return { socket, heard, types, events, closed };
}

test("two sockets of one room hear a message, another room hears nothing", async () => {
  const [first, second, stranger] = await Promise.all([
    listen(roomOf("user:a")),
    listen(roomOf("user:a")),
    listen(roomOf("user:b")),
  ]);
  await publishAll(roomOf("user:a"), ["e1"]);
  await expect.poll(first.events).toEqual(["e1"]);
  await expect.poll(second.events).toEqual(["e1"]);
  expect(stranger.types()).toEqual(["hello"]);
});

test("the same event is one message", async () => {
  const room = roomOf("user:a");
  const listener = await listen(room);
  const first = await room.publish(publication("e1"));
  expect(await room.publish(publication("e1"))).toEqual({ ...first, repeated: true });
  await publishAll(room, ["e2"]);
  await expect.poll(listener.events).toEqual(["e1", "e2"]);
});

test("a message from a call that comes before any connection is kept", async () => {
  const [cursor] = await publishAll(roomOf("user:a"), ["e1", "e2"]);
  const listener = await listen(roomOf("user:a"), { after: cursor });
  await expect.poll(listener.events).toEqual(["e2"]);
});

test("a reconnect at any cursor hears the rest, without gap or repetition", async () => {
  const room = roomOf("user:a");
  const cursors = await publishAll(room, ["e1", "e2", "e3", "e4"]);
  const listener = await listen(room, { after: cursors[1] });
  await publishAll(room, ["e5"]);
  await expect.poll(listener.events).toEqual(["e3", "e4", "e5"]);
  expect(listener.heard[0]).toEqual({ type: "hello", cursor: cursors[1] });
});

test("a cursor older than what is kept is answered with reset, and the cursor of reset goes on", async () => {
  const room = roomOf("user:a");
  const ids = Array.from({ length: streamLimits.messagesMax + 1 }, (_, index) => `e${index + 1}`);
  const cursors = await publishAll(room, ids);
  const kept = await listen(room, { after: cursors[0] });
  await expect.poll(() => kept.events().length).toBe(streamLimits.messagesMax);

  const [last] = await publishAll(room, ["one more"]);
  const late = await listen(room, { after: cursors[0] });
  await expect.poll(late.types).toEqual(["hello", "reset"]);
  expect(late.heard[1]?.cursor).toBe(last);
});

test("a cursor of another room is answered with reset", async () => {
  const [cursor] = await publishAll(roomOf("user:b"), ["e1"]);
  await publishAll(roomOf("user:a"), ["e1", "e2"]);
  const listener = await listen(roomOf("user:a"), { after: cursor });
  await expect.poll(listener.types).toEqual(["hello", "reset"]);
});

test("sockets and the stream survive hibernation", async () => {
  const room = roomOf("user:a");
  const listener = await listen(room);
  const [before] = await publishAll(room, ["e1"]);
  await evictDurableObject(room);
  await publishAll(room, ["e1", "e2"]);
  await expect.poll(listener.events).toEqual(["e1", "e2"]);
  const resumed = await listen(room, { after: before });
  await expect.poll(resumed.events).toEqual(["e2"]);
});

test("a ticket opens the room once, even after the room slept", async () => {
  const room = roomOf("user:a");
  await listen(room, { ticketId: "t1" });
  await evictDurableObject(room);
  const again = await knock(room, { ticketId: "t1" }, { upgrade: "websocket" });
  expect([again.status, await again.json()]).toEqual([409, { reason: "ticket_used" }]);
});

test("an expired ticket is refused by the room's own clock", async () => {
  const answer = await knock(roomOf("user:a"), { expiresAt: epochMs(Date.now()) });
  expect(await answer.json()).toEqual({ reason: "ticket_expired" });
});

test("a full room refuses one more socket", async () => {
  const room = roomOf("user:a");
  for (let count = 0; count < roomLimits.webSocketsMax; count++) await listen(room);
  const answer = await knock(room, {}, { upgrade: "websocket" });
  expect(await answer.json()).toEqual({ reason: "room_full" });
});

test("tickets redeemed within a minute are limited", async () => {
  const room = roomOf("user:a");
  for (let count = 0; count < roomLimits.ticketsMax; count++) {
    const { socket, closed } = await listen(room);
    socket.close(1000);
    await closed;
  }
  expect(await (await knock(room)).json()).toEqual({ reason: "too_many_tickets" });
});

test("a ping is answered, exact or not", async () => {
  const { socket, types } = await listen(roomOf("user:a"));
  socket.send('{"type":"ping"}');
  socket.send('{ "type": "ping" }');
  await expect.poll(types).toEqual(["hello", "pong", "pong"]);
});

test.each([
  ["no JSON", "hello?", "unknown_message"],
  ["another type", '{"type":"subscribe"}', "unknown_message"],
  ["an unknown field", '{"type":"ping","to":"you"}', "unknown_message"],
  ["bytes", new Uint8Array([1, 2, 3]).buffer, "unknown_message"],
  ["too much", `{"type":"ping"}${" ".repeat(clientLimits.messageBytesMax)}`, "message_too_large"],
] as const)("a client that sends %s is closed", async (_what, message, reason) => {
  const { socket, closed } = await listen(roomOf("user:a"));
  socket.send(message);
  const { code, reason: said } = await closed;
  expect([code, said]).toEqual([closeCodes[reason], reason]);
});

test("a client that talks too much is closed", async () => {
  const { socket, closed } = await listen(roomOf("user:a"));
  for (let count = 0; count <= clientLimits.messagesPerWindowMax; count++) socket.send('{"type": "ping"}');
  expect((await closed).code).toBe(closeCodes.too_many_messages);
});

test("a socket that outlived its ticket is closed instead of told", async () => {
  const room = roomOf("user:a");
  const { closed, events } = await listen(room);
  await evictDurableObject(room);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + roomLimits.webSocketMsMax + 1000 });
  await publishAll(room, ["e1"]);
  expect((await closed).code).toBe(closeCodes.ticket_outlived);
  expect(events()).toEqual([]);
});

test("a message that is too large is refused and not kept", async () => {
  const room = roomOf("user:a");
  const large = publication("e1");
  const reply = await room.publish({
    ...large,
    data: { ...large.data, status: "x".repeat(roomLimits.messageBytesMax) },
  });
  expect(reply).toEqual({ ok: false, reason: "message_too_large" });
  const { types } = await listen(room);
  await expect.poll(types).toEqual(["hello"]);
});

test("the event stream replays by cursor and goes on", async () => {
  const room = roomOf("user:a");
  const [first, second] = await publishAll(room, ["e1", "e2"]);
  const answer = await knock(room, { after: first });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readUntil = async (part: string) => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? "";
  };
  await readUntil(`id: ${second}\n`);
  const [third] = await publishAll(room, ["e3"]);
  await readUntil('"status":"e3"');
  await reader?.cancel();
  const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  expect(ids).toEqual([first, second, third]);
});

test("one event stream too many ends the oldest", async () => {
  const room = roomOf("user:a");
  const streams: (ReadableStream<Uint8Array> | null)[] = [];
  for (let count = 0; count <= roomLimits.eventStreamsMax; count++) streams.push((await knock(room)).body);
  const [oldest, ...others] = streams;
  expect(await new Response(oldest).text()).toMatch(/"type":"hello"/);
  await publishAll(room, ["e1"]);
  for (const stream of others) {
    const reader = stream?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"status":"e1"')) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
  }
});

test("a room without listeners or messages forgets itself, and old cursors are answered with reset", async () => {
  const room = roomOf("user:a");
  const [cursor] = await publishAll(room, ["e1"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + streamLimits.ageMsMax + 1000 });
  expect(await runDurableObjectAlarm(room)).toBe(true);
  const left = await runInDurableObject(room, (_instance, state) => state.storage.list());
  expect([...left.keys()]).toEqual([]);
  const listener = await listen(room, { after: cursor });
  await expect.poll(listener.types).toEqual(["hello", "reset"]);
});

test("a room with a listener stays and looks again a day later", async () => {
  const room = roomOf("user:a");
  await listen(room);
  await runDurableObjectAlarm(room);
  const armed = await runInDurableObject(room, (_instance, state) => state.storage.getAlarm());
  expect(armed).toBeGreaterThan(Date.now());
});
