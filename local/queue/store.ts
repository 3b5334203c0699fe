import { openDatabase } from "./database.ts";
import { createDeadLetterStore } from "./dead-letter-store.ts";
import { createDeduplicationStore } from "./deduplication-store.ts";
import { createDueMessages } from "./due-messages.ts";
import { createEventStore } from "./event-store.ts";
import { createFlowControlStore } from "./flow-control-store.ts";
import { createMessageStore } from "./message-store.ts";
import { createQueueStore } from "./queue-store.ts";
import { createScheduleStore } from "./schedule-store.ts";
import { createSigningKeyStore, type SigningKeys } from "./signing-key-store.ts";
import { createUrlGroupStore } from "./url-group-store.ts";
import { createWriter } from "./writer.ts";

export type Store = ReturnType<typeof openStore>;

/** Everything the queue remembers. Whatever changes it runs inside `write`. */
export function openStore(options: { stateFolder: string; signingKeys: SigningKeys }) {
  const database = openDatabase(options.stateFolder);
  const write = createWriter(database);
  return {
    write,
    messages: createMessageStore(database),
    due: createDueMessages(database),
    deadLetters: createDeadLetterStore(database),
    events: createEventStore(database),
    queues: createQueueStore(database),
    flowControls: createFlowControlStore(database),
    schedules: createScheduleStore(database),
    urlGroups: createUrlGroupStore(database),
    deduplications: createDeduplicationStore(database),
    signingKeys: createSigningKeyStore(database, options.signingKeys),
    /** Lets the writes that wait be committed first. */
    async close(): Promise<void> {
      await write(() => undefined);
      database.close();
    },
  };
}
