import { createHash } from "node:crypto";

import type { Command } from "./resp.ts";

/** Translated scripts that are remembered; a shop has about a dozen. */
const SCRIPTS_MAX = 1_000;

export type ScriptTranslation = {
  /** The command as an open Redis understands it. */
  toEngine: (command: Command) => Command;
  /** The SHA by which the caller knows a script that it has just loaded. */
  shaForCaller: (script: string) => string;
};

/**
 * Upstash's Lua scripts open with `#!lua flags=allow-key-locking`, a flag of theirs that open engines refuse. The
 * engine gets the script without it, thus with another SHA, while the caller keeps asking for the SHA of what it
 * wrote: this remembers which is which.
 */
export function createScriptTranslation(): ScriptTranslation {
  const engineShas = new Map<string, string>();

  function translateScript(script: string): string {
    const translated = withoutShebang(script);
    if (translated !== script && engineShas.size < SCRIPTS_MAX)
      engineShas.set(sha1(script), sha1(translated));
    return translated;
  }

  function translateSha(sha: string): string {
    return engineShas.get(sha.toLowerCase()) ?? sha;
  }

  return {
    shaForCaller: sha1,
    toEngine: (command) => {
      const [name = "", second = "", ...rest] = command;
      switch (String(name).toUpperCase()) {
        case "EVAL":
        case "EVAL_RO":
          return [name, translateScript(String(second)), ...rest];
        case "EVALSHA":
        case "EVALSHA_RO":
          return [name, translateSha(String(second)), ...rest];
        case "SCRIPT":
          return [name, second, ...translateScriptArguments(String(second), rest)];
        default:
          return command;
      }
    },
  };

  function translateScriptArguments(verb: string, rest: Command): Command {
    if (verb.toUpperCase() === "LOAD") return rest.map((script) => translateScript(String(script)));
    if (verb.toUpperCase() === "EXISTS") return rest.map((sha) => translateSha(String(sha)));
    return rest;
  }
}

/** The line end stays, so that the engine's errors name the line that the author sees. */
function withoutShebang(script: string): string {
  return script.startsWith("#!lua") ? script.replace(/^[^\n]*/, "") : script;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
