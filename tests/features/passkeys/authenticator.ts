import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { z } from "zod";
import { type Answer, request } from "../../stack.ts";

/** A page that the passkeys of the local stack are good for. */
export const shopOrigin = "http://localhost:3000";

const Options = z.strictObject({
  public_key: z.looseObject({ challenge: z.string() }),
  expires_in: z.literal(300),
});
const Handle = z.looseObject({ user: z.looseObject({ id: z.string() }) });

export function challengeOf(answer: Answer): string {
  return answer.as(Options).public_key.challenge;
}

/** A challenge to sign in with. */
export async function newChallenge(): Promise<string> {
  return challengeOf(await request("/auth/passkeys/sign-in/options", { method: "POST" }));
}

export type Deviation = {
  origin?: string;
  type?: string;
  relyingParty?: string;
  counter?: number;
  /** Bits of the authenticator data: 1 present, 4 verified. */
  flags?: number;
  userHandle?: string;
};

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();

/** A device with one passkey, made of nothing but keys and the standard's formats. */
export function newDevice() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(16);
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  let uses = 0;
  let owner = "";

  const clientData = (type: string, challenge: string, deviation: Deviation): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: deviation.type ?? type,
        challenge,
        origin: deviation.origin ?? shopOrigin,
        crossOrigin: false,
      }),
    );
  const authenticatorData = (flags: number, deviation: Deviation): Buffer => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(deviation.counter ?? ++uses);
    const relyingParty = sha256(deviation.relyingParty ?? "localhost");
    return Buffer.concat([relyingParty, Buffer.from([deviation.flags ?? flags]), counter]);
  };
  const envelope = <Response>(response: Response) => ({
    id: id.toString("base64url"),
    rawId: id.toString("base64url"),
    type: "public-key",
    clientExtensionResults: {},
    response,
  });

  return {
    /** What navigator.credentials.create() would give for these options. */
    create: (options: Answer, deviation: Deviation = {}) => {
      const { public_key: publicOptions } = options.as(Options);
      owner = Handle.parse(publicOptions).user.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const key = coseKey(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
      const data = Buffer.concat([authenticatorData(0x45, deviation), Buffer.alloc(16), length, id, key]);
      return envelope({
        clientDataJSON: clientData("webauthn.create", publicOptions.challenge, deviation).toString(
          "base64url",
        ),
        attestationObject: attestationOf(data).toString("base64url"),
        transports: ["internal"],
      });
    },
    /** What navigator.credentials.get() would give for this challenge. */
    use: (challenge: string, deviation: Deviation = {}) => {
      const client = clientData("webauthn.get", challenge, deviation);
      const data = authenticatorData(0x05, deviation);
      return envelope({
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: sign("sha256", Buffer.concat([data, sha256(client)]), privateKey).toString("base64url"),
        userHandle: deviation.userHandle ?? owner,
      });
    },
  };
}

/** CBOR: { 1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y }. */
function coseKey(x: Buffer, y: Buffer): Buffer {
  const bytes32 = Buffer.from([0x58, 32]);
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]);
  return Buffer.concat([head, Buffer.from([0x21]), bytes32, x, Buffer.from([0x22]), bytes32, y]);
}

/** CBOR: { fmt: "none", attStmt: {}, authData }. */
function attestationOf(data: Buffer): Buffer {
  const text = (word: string) => Buffer.concat([Buffer.from([0x60 + word.length]), Buffer.from(word)]);
  return Buffer.concat([
    Buffer.from([0xa3]),
    text("fmt"),
    text("none"),
    text("attStmt"),
    Buffer.from([0xa0]),
    text("authData"),
    Buffer.from([0x58, data.length]),
    data,
  ]);
}

export function creationOptions(token: string) {
  return request("/auth/passkeys/options", { method: "POST", token });
}

export function register(token: string, credential: object, name = "My phone") {
  return request("/auth/passkeys", { method: "POST", token, json: { name, credential } });
}

export function signIn(credential: object) {
  return request("/auth/passkeys/sign-in", { method: "POST", json: { credential } });
}
