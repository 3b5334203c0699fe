import { close, createHttpServer, listen } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { createClock } from "./clock.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createFaults } from "./faults.ts";
import type { QueueContext } from "./queue-context.ts";
import { createRouter } from "./router.ts";
import { openStore } from "./store.ts";

export type QueueOptions = ServiceOptions & {
  token: string;
  currentSigningKey: string;
  nextSigningKey: string;
  /** Multiplies every wait before a retry; below 1 the long backoff becomes bearable. Default 1. */
  retryDelayScale?: number;
};

/** A durable QStash: what it has accepted it delivers at least once, whatever kills it in between. */
export async function startQueue(options: QueueOptions): Promise<RunningService> {
  const { log, stateFolder, token, retryDelayScale = 1 } = options;
  const store = openStore({
    stateFolder,
    signingKeys: { current: options.currentSigningKey, next: options.nextSigningKey },
  });
  const context: QueueContext = { store, clock: createClock(), faults: createFaults(), retryDelayScale, log };
  const interrupted = await store.write(() => store.messages.recoverActive());
  if (interrupted > 0) log(`${interrupted} deliveries that were cut short are made again.`);

  const dispatcher = createDispatcher(context);
  const server = createHttpServer({
    answer: createRouter(context, { token, onChange: dispatcher.wake }),
    log,
  });
  const url = await listen(server, options.port).catch(async (fault: unknown) => {
    await store.close();
    throw fault;
  });
  dispatcher.wake();
  return {
    url,
    async stop() {
      await dispatcher.stop();
      await close(server);
      await store.close();
    },
  };
}
