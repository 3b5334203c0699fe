import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { RunningService, ServiceOptions } from "../service.ts";
import { readManifest } from "./bundle.ts";
import { repeatSweep, runScheduledHandler } from "./sweep.ts";
import { createWorkerLog } from "./worker-log.ts";

export type WorkerOptions = ServiceOptions & {
  bundleFolder: string;
  settings: Record<string, string>;
  /** Pause between two runs of the scheduled handler. */
  sweepIntervalMs: number;
};

/** The bundle on workerd, by way of Miniflare, which brings the cache and the scheduled handler. */
export async function startWorker(options: WorkerOptions): Promise<RunningService> {
  const { bundleFolder, settings, port, stateFolder, log } = options;
  await mkdir(stateFolder, { recursive: true });
  const manifest = await readManifest(bundleFolder);
  const objects = Object.entries(manifest.durableObjects);
  const output = createWriteStream(join(stateFolder, "console.log"), { flags: "a" });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "tradewind",
      host: "127.0.0.1",
      port,
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: createWorkerLog({ output, log }),
      resourcePersistencePath: stateFolder,
      compatibilityDate: manifest.compatibilityDate,
      compatibilityFlags: manifest.compatibilityFlags,
      modules: [{ type: "ESModule", path: join(bundleFolder, "worker.js") }],
      modulesRoot: bundleFolder,
      bindings: { ...manifest.vars, ...settings },
      durableObjects: Object.fromEntries(
        objects.map(([binding, className]) => [binding, { className, useSQLite: true }]),
      ),
      // Miniflare would ask the network for a sample of it at every start.
      cf: false,
      unsafeTriggerHandlers: true,
      telemetry: { enabled: false },
    }),
  );
  const url = (await miniflare.ready).origin;
  const sweep = repeatSweep({
    runScheduledHandler: () => runScheduledHandler(url),
    intervalMs: options.sweepIntervalMs,
    log,
  });
  return {
    url,
    stop: async () => {
      sweep.stop();
      await miniflare.dispose();
      output.end();
    },
  };
}
