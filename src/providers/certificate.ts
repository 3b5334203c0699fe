/** DER's tag of a sequence, and the one of the optional version that opens a certificate (RFC 5280, section 4.1). */
const sequenceTag = 0x30;
const versionTag = 0xa0;

/** Serial number, signature algorithm, issuer, validity and subject stand before the public key. */
const fieldsBeforeKey = 5;

type Element = { tag: number; start: number; contentStart: number; end: number };

/**
 * The public key of an X.509 certificate in PEM, as the SubjectPublicKeyInfo that WebCrypto imports. Nothing in the
 * certificate is verified: whoever calls trusts it for where it came from.
 * @throws RangeError when the text is no certificate.
 */
export function publicKeyOfCertificate(pem: string): Uint8Array {
  const encoded = /-----BEGIN CERTIFICATE-----(?<base64>[\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/.exec(
    pem,
  );
  const bytes = Uint8Array.from(atob((encoded?.groups?.["base64"] ?? "").replace(/\s/g, "")), (character) =>
    character.charCodeAt(0),
  );
  const certificate = elementAt(bytes, 0);
  const statement = elementAt(bytes, certificate.contentStart);
  let field = elementAt(bytes, statement.contentStart);
  if (field.tag === versionTag) field = elementAt(bytes, field.end);
  for (let passed = 0; passed < fieldsBeforeKey; passed++) field = elementAt(bytes, field.end);
  if (field.tag !== sequenceTag) throw new RangeError("The certificate has no public key where it belongs.");
  return bytes.slice(field.start, field.end);
}

function elementAt(bytes: Uint8Array, start: number): Element {
  const [tag, first] = bytes.subarray(start, start + 2);
  if (tag === undefined || first === undefined) throw new RangeError("The certificate ends too early.");
  const lengthBytes = first & 0x80 ? first & 0x7f : 0;
  const contentStart = start + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : bigEndian(bytes.subarray(start + 2, contentStart));
  const end = contentStart + length;
  if (end > bytes.length) throw new RangeError("The certificate ends too early.");
  return { tag, start, contentStart, end };
}

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}
