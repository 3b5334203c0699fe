import type { DatabaseSync } from "node:sqlite";
import { type Clock, createClock } from "./clock.ts";
import { openDatabase } from "./database.ts";
import { createDeliveryTable, type DeliveryTable } from "./delivery-table.ts";
import { createFaultSettings, type FaultSettings } from "./faults.ts";
import { createObjectStore, type Filing, type ObjectStore } from "./object-store.ts";
import { createTimerTable, type TimerTable } from "./timers.ts";

/** What a payment provider's simulator remembers and is steered by. */
export type OpenSimulation<Objects, Kind extends string> = {
  database: DatabaseSync;
  store: ObjectStore<Objects>;
  timers: TimerTable<Kind>;
  deliveries: DeliveryTable;
  faults: FaultSettings;
  clock: Clock;
};

export function openSimulation<Objects, Kind extends string>(
  place: { stateFolder: string; fileName: string },
  provider: {
    indexes: string;
    timerKinds: readonly Kind[];
    file: (object: Objects[keyof Objects]) => Filing;
  },
): OpenSimulation<Objects, Kind> {
  const database = openDatabase(place.stateFolder, place.fileName, provider.indexes);
  return {
    database,
    store: createObjectStore(database, provider.file),
    timers: createTimerTable(database, provider.timerKinds),
    deliveries: createDeliveryTable(database),
    faults: createFaultSettings(database),
    clock: createClock(database),
  };
}
