import { InvalidCron, nextCronTime, parseCron } from "./cron.ts";
import { newIdentifier } from "./identifier.ts";
import { parsePublishHeaders } from "./publish-headers.ts";
import { destinationAfter } from "./publish-routes.ts";
import { checkName, resolveTarget } from "./publish.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import { done, json, type Call, type Reply, type Route } from "./route.ts";
import type { Schedule } from "./schedule-store.ts";
import { wireBody, wireSettings } from "./wire-message.ts";

export const scheduleRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/schedules",
    answer: (context) => json(200, context.store.schedules.all().map(wireSchedule)),
  },
  {
    method: "GET",
    path: "/v2/schedules/:id",
    answer: (context, call) => json(200, wireSchedule(existingSchedule(context, call))),
  },
  {
    method: "DELETE",
    path: "/v2/schedules/:id",
    answer(context, call) {
      context.store.schedules.remove(existingSchedule(context, call).scheduleId);
      return done;
    },
  },
  // The description says POST, the client sends PATCH. They stand before creation, whose path would match them too.
  ...(["PATCH", "POST"] as const).flatMap((method): Route[] => [
    { method, path: "/v2/schedules/:id/pause", answer: (context, call) => setPaused(context, call, true) },
    { method, path: "/v2/schedules/:id/resume", answer: (context, call) => setPaused(context, call, false) },
  ]),
  { method: "POST", path: "/v2/schedules/*", answer: createSchedule },
];

/** Creates the schedule or, when its id is known, replaces it. */
function createSchedule(context: QueueContext, call: Call): Reply {
  const { store, clock } = context;
  const { body, callerIp } = call;
  const now = clock.now();
  const destination = destinationAfter("/v2/schedules/", call);
  resolveTarget(context, destination);
  parsePublishHeaders(call.headers, { callerIp, now });

  const { "upstash-cron": cron = "", "upstash-queue-name": queueName } = call.headers;
  const scheduleId = call.headers["upstash-schedule-id"] ?? newIdentifier("scd_");
  checkName(scheduleId, "schedule id");
  if (queueName !== undefined) checkName(queueName, "queue name");
  const nextAt = firstTime(cron, now);

  const before = store.schedules.find(scheduleId);
  store.schedules.save({
    scheduleId,
    cron,
    destination,
    headers: publishingHeaders(call),
    body,
    callerIp,
    queueName,
    paused: before?.paused ?? false,
    createdAt: before?.createdAt ?? now,
    lastAt: before?.lastAt,
    nextAt,
  });
  return json(201, { scheduleId });
}

function firstTime(cron: string, now: number): number {
  try {
    return nextCronTime(parseCron(cron), now);
  } catch (fault) {
    if (fault instanceof InvalidCron) throw new Refusal(400, fault.message);
    throw fault;
  }
}

/** Only what a publish reads: the token that came with the request has no business on the disk. */
function publishingHeaders({ headers }: Call): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === "content-type" || name.startsWith("upstash-")),
  );
}

/** A resumed schedule starts with its next time: what it missed while paused is not made up for. */
function setPaused(context: QueueContext, call: Call, paused: boolean): Reply {
  const schedule = existingSchedule(context, call);
  const nextAt = nextCronTime(parseCron(schedule.cron), context.clock.now());
  context.store.schedules.save({ ...schedule, paused, nextAt });
  return done;
}

function existingSchedule({ store }: QueueContext, call: Call): Schedule {
  const id = call.parameter("id");
  const schedule = store.schedules.find(id);
  if (!schedule) throw new Refusal(404, `schedule ${id} not found`);
  return schedule;
}

function wireSchedule(schedule: Schedule) {
  const { callerIp, createdAt } = schedule;
  const { settings, notBefore } = parsePublishHeaders(schedule.headers, { callerIp, now: createdAt });
  const delaySeconds = Math.round((notBefore - createdAt) / 1000);
  return {
    ...wireSettings(settings),
    scheduleId: schedule.scheduleId,
    cron: schedule.cron,
    destination: schedule.destination,
    createdAt,
    retries: settings.maxRetries,
    ...("upstash-delay" in schedule.headers && { delay: delaySeconds }),
    isPaused: schedule.paused,
    queueName: schedule.queueName,
    lastScheduleTime: schedule.lastAt,
    nextScheduleTime: schedule.nextAt,
    ...wireBody("body", schedule.body),
  };
}
