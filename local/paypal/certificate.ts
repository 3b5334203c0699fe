import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";

/** Tag numbers of DER, the encoding of certificates (ITU-T X.690). */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  nothing: 0x05,
  object: 0x06,
  text: 0x0c,
  time: 0x17,
  list: 0x30,
  set: 0x31,
};
const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const COMMON_NAME = [0x55, 0x04, 0x03];

const KEY_BITS = 2048;
const VALID_YEARS = 10;

export type SigningKey = { id: string; privateKeyPem: string; certificatePem: string };

/** An RSA key with a certificate that it signed itself, made as PayPal's are: X.509, with SHA-256. */
export function createSigningKey(id: string, commonName: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: KEY_BITS });
  const algorithm = list(encode(TAG.object, Buffer.from(SHA256_WITH_RSA)), encode(TAG.nothing));
  const statement = list(
    encode(TAG.integer, Buffer.from([1])),
    algorithm,
    nameOf(commonName),
    list(timeOf(0), timeOf(VALID_YEARS)),
    nameOf(commonName),
    publicKey.export({ type: "spki", format: "der" }),
  );
  const certificate = list(
    statement,
    algorithm,
    encode(TAG.bits, Buffer.from([0]), sign(statement, privateKey)),
  );
  return {
    id,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificatePem: pemOf(certificate),
  };
}

function sign(statement: Buffer, key: KeyObject): Buffer {
  return createSign("sha256").update(statement).sign(key);
}

function list(...parts: Buffer[]): Buffer {
  return encode(TAG.list, ...parts);
}

function nameOf(commonName: string): Buffer {
  const attribute = list(
    encode(TAG.object, Buffer.from(COMMON_NAME)),
    encode(TAG.text, Buffer.from(commonName)),
  );
  return list(encode(TAG.set, attribute));
}

function timeOf(yearsAhead: number): Buffer {
  const time = new Date();
  time.setUTCFullYear(time.getUTCFullYear() + yearsAhead);
  const digits = time.toISOString().replace(/\D/g, "").slice(2, 14);
  return encode(TAG.time, Buffer.from(`${digits}Z`));
}

function encode(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function pemOf(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
