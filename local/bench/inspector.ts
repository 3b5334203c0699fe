import { z } from "zod";

const SAMPLING_MICROSECONDS = 500;
const ANSWER_MS_MAX = 30_000;

const Targets = z.array(z.object({ title: z.string(), webSocketDebuggerUrl: z.string() }));

const CallFrame = z.object({
  functionName: z.string(),
  url: z.string(),
  /** From zero, as the column. */
  lineNumber: z.int(),
  columnNumber: z.int(),
});

/** What V8's sampler saw. Times in microseconds; a sample stands for the time until the next one. */
const CpuProfile = z.object({
  nodes: z.array(z.object({ id: z.int(), callFrame: CallFrame, children: z.array(z.int()).default([]) })),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.infer<typeof CpuProfile>;

const Reply = z.object({ id: z.int(), result: z.unknown().optional(), error: z.unknown().optional() });

/** Samples the JavaScript of one Worker from the start of a load to its end. */
export type Profiler = { start: () => Promise<void>; stop: () => Promise<CpuProfile>; close: () => void };

/**
 * Connects to the inspector of a workerd.
 * @param workerName of the service in its configuration.
 */
export async function connectProfiler(inspectorPort: number, workerName: string): Promise<Profiler> {
  const response = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const targets = Targets.parse(await response.json());
  const target = targets.find(({ title }) => title.includes(workerName));
  if (target === undefined) throw new Error(`The inspector of workerd knows no ${workerName}.`);
  const session = await openSession(target.webSocketDebuggerUrl);
  await session.ask("Profiler.enable", {});
  await session.ask("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
  return {
    start: async () => {
      await session.ask("Profiler.start", {});
    },
    stop: async () => {
      const { profile } = z.object({ profile: CpuProfile }).parse(await session.ask("Profiler.stop", {}));
      return profile;
    },
    close: session.close,
  };
}

type Session = { ask: (method: string, params: object) => Promise<unknown>; close: () => void };

/** The DevTools protocol: numbered questions and answers as JSON. */
async function openSession(url: string): Promise<Session> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let questions = 0;
  socket.addEventListener("message", ({ data }) => {
    // What has no number is an event, such as a line of the console.
    const parsed = Reply.safeParse(JSON.parse(String(data)));
    if (!parsed.success) return;
    const { id, result, error } = parsed.data;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`The inspector refused: ${JSON.stringify(error)}`));
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("close", () => {
    const lost = new Error("The inspector of workerd closed the connection.");
    opened.reject(lost);
    for (const { reject } of waiting.values()) reject(lost);
  });
  await opened.promise;
  return {
    ask: (method, params) => {
      const id = (questions += 1);
      const asked = Promise.withResolvers<unknown>();
      waiting.set(id, asked);
      const tooLate = setTimeout(() => {
        waiting.delete(id);
        asked.reject(new Error(`The inspector does not answer to ${method}.`));
      }, ANSWER_MS_MAX);
      socket.send(JSON.stringify({ id, method, params }));
      return asked.promise.finally(() => clearTimeout(tooLate));
    },
    close: () => socket.close(),
  };
}
