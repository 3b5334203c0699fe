import type { Argument, Command, Reply } from "./resp.ts";
import { createScriptTranslation } from "./script-translation.ts";

/** Commands that make no sense over shared connections, or that Upstash does not offer. */
const REFUSED = new Set(
  [
    "AUTH HELLO QUIT SELECT RESET CLIENT",
    "MULTI EXEC DISCARD WATCH UNWATCH",
    "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR",
    "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT",
    "CLUSTER REPLICAOF SLAVEOF SHUTDOWN DEBUG CONFIG SAVE BGSAVE BGREWRITEAOF MODULE ACL SYNC PSYNC",
  ].flatMap((names) => names.split(" ")),
);
const COMMAND_NAMES_COUNTED_MAX = 500;

export type AdmittedCommand = {
  command: Command;
  /** The engine's reply as the caller expects it. */
  forCaller: (reply: Reply) => Reply;
};

export type Admission = { ok: true; admitted: AdmittedCommand } | { ok: false; error: string };

export type CommandGate = {
  admit: (command: Command) => Admission;
  /** How often each command was admitted since the last reset, by its name in capitals. */
  counts: () => Record<string, number>;
  resetCounts: () => void;
};

/** What stands between a caller's command and the engine: refusals, script translation, and a count. */
export function createCommandGate(): CommandGate {
  const scripts = createScriptTranslation();
  const counted = new Map<string, number>();

  return {
    counts: () => Object.fromEntries(counted),
    resetCounts: () => counted.clear(),
    admit: (command) => {
      const name = upperCase(command[0]);
      if (name === "") return { ok: false, error: "ERR empty command" };
      if (REFUSED.has(name)) return { ok: false, error: `ERR Command is not available: '${name}'` };
      if (counted.has(name) || counted.size < COMMAND_NAMES_COUNTED_MAX) {
        counted.set(name, (counted.get(name) ?? 0) + 1);
      }
      const loadedScript =
        name === "SCRIPT" && upperCase(command[1]) === "LOAD" ? command[2]?.toString() : undefined;
      const forCaller = (reply: Reply): Reply =>
        loadedScript !== undefined && reply.kind === "bulk"
          ? { kind: "bulk", bytes: Buffer.from(scripts.shaForCaller(loadedScript)) }
          : reply;
      return { ok: true, admitted: { command: scripts.toEngine(command), forCaller } };
    },
  };
}

function upperCase(argument: Argument | undefined): string {
  return argument === undefined ? "" : argument.toString().toUpperCase();
}
