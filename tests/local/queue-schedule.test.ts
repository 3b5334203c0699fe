import { describe, expect, it } from "vitest";
import { nextCronTime, parseCron } from "#local/queue/cron";
import { eventually, startDestination, startTestQueue } from "./queue-setup.ts";

const HOUR_MS = 3_600_000;

describe("schedules", () => {
  it("publish one message whenever their time comes", async () => {
    const { client, advanceClock } = await startTestQueue();
    const destination = await startDestination();
    const { scheduleId } = await client.schedules.create({
      destination: destination.url,
      cron: "0 * * * *",
      body: "sweep",
      headers: { "X-Job": "sweep" },
    });
    expect(destination.deliveries).toEqual([]);
    await advanceClock(HOUR_MS);
    await eventually(() => expect(destination.deliveries).toHaveLength(1));
    await advanceClock(HOUR_MS);
    await eventually(() => expect(destination.deliveries).toHaveLength(2));
    expect(destination.deliveries[0]).toMatchObject({
      body: "sweep",
      headers: { "x-job": "sweep", "upstash-schedule-id": scheduleId },
    });
  });

  it("say nothing while paused, and do not make up for it when resumed", async () => {
    const { client, advanceClock, stats } = await startTestQueue();
    const destination = await startDestination();
    await client.schedules.create({ scheduleId: "hourly", destination: destination.url, cron: "0 * * * *" });
    await client.schedules.pause({ schedule: "hourly" });
    await advanceClock(3 * HOUR_MS);
    expect(await client.schedules.get("hourly")).toMatchObject({ isPaused: true });
    await client.schedules.resume({ schedule: "hourly" });
    expect(await stats()).toMatchObject({ created_total: 0 });
    await advanceClock(HOUR_MS);
    await eventually(() => expect(destination.deliveries).toHaveLength(1));
  });

  it("are listed without the token that made them, replaced by id, and deleted", async () => {
    const { client } = await startTestQueue();
    const request = { scheduleId: "nightly", destination: "http://127.0.0.1:9/", body: "b" };
    await client.schedules.create({ ...request, cron: "0 3 * * *" });
    await client.schedules.create({ ...request, cron: "0 4 * * *", retries: 1 });
    const list = await client.schedules.list();
    expect(list).toMatchObject([{ scheduleId: "nightly", cron: "0 4 * * *", retries: 1, body: "b" }]);
    expect(JSON.stringify(list)).not.toContain("Bearer");
    await client.schedules.delete("nightly");
    expect(await client.schedules.list()).toEqual([]);
  });

  it("are refused when their cron expression is not one", async () => {
    const { client } = await startTestQueue();
    const create = client.schedules.create({ destination: "http://127.0.0.1:9/", cron: "every day" });
    await expect(create).rejects.toThrow("five fields");
  });
});

describe("the next time of a cron expression", () => {
  const next = (expression: string, after: string) =>
    new Date(nextCronTime(parseCron(expression), Date.parse(after))).toISOString();

  it.each([
    ["* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00.000Z"],
    ["*/15 * * * *", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00.000Z"],
    ["0 0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"],
    ["30 9-17/4 * * *", "2026-01-01T09:31:00Z", "2026-01-01T13:30:00.000Z"],
    ["0 12 * * mon,fri", "2026-01-01T12:00:00Z", "2026-01-02T12:00:00.000Z"],
    ["0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00.000Z"],
    ["0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["0 0 13 * fri", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00.000Z"],
    ["0 0 * Dec *", "2026-01-01T00:00:00Z", "2026-12-01T00:00:00.000Z"],
    ["CRON_TZ=Asia/Kolkata 0 16 * * *", "2026-01-01T00:00:00Z", "2026-01-01T10:30:00.000Z"],
    ["CRON_TZ=Europe/Paris 0 9 * * *", "2026-07-01T00:00:00Z", "2026-07-01T07:00:00.000Z"],
  ])("%s after %s is %s", (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it("skips the day on which a clock change leaves the local time out", () => {
    // On 2026-03-29 clocks in Paris go from 02:00 to 03:00.
    expect(next("CRON_TZ=Europe/Paris 30 2 * * *", "2026-03-28T12:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
  });

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "*/0 * * * *",
    "5-1 * * * *",
    "* * * * mun",
    "1-2-3 * * * *",
  ])("is not known for %j", (expression) => {
    expect(() => parseCron(expression)).toThrow("invalid cron expression");
  });

  it("is not known for a day that no month has, nor for an unknown time zone", () => {
    expect(() => next("0 0 31 2 *", "2026-01-01T00:00:00Z")).toThrow("no time within");
    expect(() => parseCron("CRON_TZ=Mars/Olympus * * * * *")).toThrow("no time zone");
  });
});
