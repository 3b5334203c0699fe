import { minuteMs, secondMs } from "#core/time";
import type { Context } from "./context.ts";
import { within } from "./deadline.ts";
import { errorFields } from "./log.ts";

/**
 * A copy in Redis and the version of the truth that it shows. Versions of one key are texts of one length that sort
 * as they grow, so that a late writer never replaces a newer copy.
 */
export type CachedCopy = { readonly version: string; readonly text: string };
export type CacheEntry = CachedCopy & { readonly key: string; readonly lifeSeconds?: number };

/** That nothing is there; any copy is newer. */
export function absenceOf(key: string): CacheEntry {
  return { key, version: "", text: "", lifeSeconds: absenceSeconds };
}

export function isAbsence({ version }: CachedCopy): boolean {
  return version === "";
}

/** A read that takes longer is answered from the database. */
const readMsMax = 250;
/** For so long after a failure reads do not ask Redis at all. */
const pauseMs = 5 * secondMs;
/** Copies sent in one command, and their characters: Upstash refuses requests of more than 1 MB. */
const copiesPerCommandMax = 500;
const charactersPerCommandMax = 512 * 1024;

const copySecondsMax = (60 * minuteMs) / secondMs;
/** So long at most somebody who looked too early hides what was made since and whose event is late. */
const absenceSeconds = 5;

const setIfNewer = `
for index, key in ipairs(KEYS) do
  local version = ARGV[3 * index - 2]
  local isNewer = redis.call('GETRANGE', key, 0, #version - 1) < version
  if #version == 0 then isNewer = redis.call('EXISTS', key) == 0 end
  if isNewer then
    redis.call('SET', key, version .. '\\n' .. ARGV[3 * index - 1], 'EX', ARGV[3 * index])
  end
end
return 1`;

let pausedUntil = 0;

/** What reading copies needs of a context. */
export type CacheReader = Pick<Context, "cache" | "now" | "log">;

/** The copies under these keys, in their order. Never fails: while Redis is away nothing is cached. */
export async function readCopies(
  context: CacheReader,
  keys: readonly string[],
): Promise<(CachedCopy | undefined)[]> {
  const nothing = keys.map(() => undefined);
  if (keys.length === 0 || context.now() < pausedUntil) return nothing;
  try {
    const texts = await within(readMsMax, context.cache.mget<(string | null)[]>(...keys));
    return texts.map(copyOf);
  } catch (error) {
    pausedUntil = context.now() + pauseMs;
    context.log("warn", "the cache is away; reading from the database", errorFields(error));
    return nothing;
  }
}

/**
 * Stores copies unless newer ones are there.
 * @throws the client's error when Redis is away; a fill after a read may ignore it, an invalidation must not.
 */
export async function writeCopies(context: Context, entries: readonly CacheEntry[]): Promise<void> {
  for (const part of commandsOf(entries))
    await context.cache.eval(
      setIfNewer,
      part.map((entry) => entry.key),
      part.flatMap(({ version, text, lifeSeconds }) => [
        version,
        text,
        String(lifeSeconds ?? copySecondsMax),
      ]),
    );
}

function commandsOf(entries: readonly CacheEntry[]): CacheEntry[][] {
  const commands: CacheEntry[][] = [];
  let command: CacheEntry[] = [];
  let characters = 0;
  for (const entry of entries) {
    const isFull =
      command.length >= copiesPerCommandMax || characters + entry.text.length > charactersPerCommandMax;
    if (commands.length === 0 || isFull) {
      command = [];
      characters = 0;
      commands.push(command);
    }
    command.push(entry);
    characters += entry.text.length;
  }
  return commands;
}

/** A fixed-width, sortable version from whole numbers, the most significant first. */
export function versionText(...numbers: readonly number[]): string {
  return numbers.map((number) => String(number).padStart(16, "0")).join(".");
}

function copyOf(stored: string | null): CachedCopy | undefined {
  if (stored === null) return undefined;
  const end = stored.indexOf("\n");
  return { version: stored.slice(0, end), text: stored.slice(end + 1) };
}
