import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Context } from "./context.ts";
import type { Settings } from "./env.ts";
import { createHashingLane, takeTurn } from "./hashing-lane.ts";

/** scrypt's cost as its base-2 logarithm, and its block size: 16 MiB of memory a hash (OWASP's choice with p = 5). */
const costLog2 = 14;
const blockSize = 8;
const saltBytes = 16;
const hashBytes = 32;

/** Longest accepted parameters, so that a damaged row cannot make a login run for minutes. */
const costLog2Max = 17;
const memoryBytesMax = 256 * 1024 * 1024;

const lane = createHashingLane();

/** What hashing needs of a request's context: today's parameters, and where to count the work. */
export type Hasher = Pick<Context, "settings" | "counts">;

type Parameters = { costLog2: number; blockSize: number; parallelism: number };

/**
 * The password's hash as a PHC string, `$scrypt$ln=14,r=8,p=5$salt$hash`, which remembers how it was made.
 * @throws AppError busy when too many passwords wait to be hashed.
 */
export async function hashPassword(hasher: Hasher, password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const parameters = parametersOf(hasher.settings);
  return toPhc(parameters, salt, await derive(hasher, password, { salt, ...parameters }));
}

/**
 * Whether the password made this hash. Without a hash, as for an unknown account, it works as long on a decoy and
 * answers no, so that the time tells nothing.
 * @throws AppError busy when too many passwords wait to be hashed.
 */
export async function verifyPassword(
  hasher: Hasher,
  password: string,
  phc: string | null | undefined,
): Promise<boolean> {
  const decoy = {
    ...parametersOf(hasher.settings),
    salt: Buffer.alloc(saltBytes),
    hash: Buffer.alloc(hashBytes),
  };
  const known = typeof phc === "string" ? parsePhc(phc) : undefined;
  const { hash, ...parameters } = known ?? decoy;
  const derived = await derive(hasher, password, parameters);
  return timingSafeEqual(derived, hash) && known !== undefined;
}

/** True when the hash was made with other parameters than a new one would be. */
export function needsRehash(settings: Settings, phc: string): boolean {
  const { costLog2, blockSize, parallelism } = parametersOf(settings);
  return !phc.startsWith(`$scrypt$ln=${costLog2},r=${blockSize},p=${parallelism}$`);
}

function parametersOf(settings: Settings): Parameters {
  return { costLog2, blockSize, parallelism: settings.PASSWORD_SCRYPT_PARALLELISM };
}

function derive(
  hasher: Hasher,
  password: string,
  { salt, ...parameters }: Parameters & { salt: Buffer },
): Promise<Buffer> {
  const options = {
    N: 2 ** parameters.costLog2,
    r: parameters.blockSize,
    p: parameters.parallelism,
    maxmem: memoryBytesMax,
  };
  return takeTurn(lane, () => {
    hasher.counts.passwordHashings++;
    return new Promise((resolve, reject) => {
      scrypt(password, salt, hashBytes, options, (error, derived) => {
        if (error === null) resolve(derived);
        else reject(error);
      });
    });
  });
}

function toPhc({ costLog2, blockSize, parallelism }: Parameters, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${costLog2},r=${blockSize},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

const phcPattern =
  /^\$scrypt\$ln=(?<cost>\d{1,2}),r=(?<block>\d{1,2}),p=(?<parallelism>\d{1,2})\$(?<salt>[\w+/]{22})\$(?<hash>[\w+/]{43})$/;

function parsePhc(phc: string): (Parameters & { salt: Buffer; hash: Buffer }) | undefined {
  const parts = phcPattern.exec(phc)?.groups;
  if (parts === undefined || Number(parts["cost"]) > costLog2Max) return undefined;
  return {
    costLog2: Number(parts["cost"]),
    blockSize: Number(parts["block"]),
    parallelism: Number(parts["parallelism"]),
    salt: Buffer.from(parts["salt"] ?? "", "base64"),
    hash: Buffer.from(parts["hash"] ?? "", "base64"),
  };
}
