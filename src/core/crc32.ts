/** CRC-32 of ISO 3309, as zip files and PayPal's signatures use it: an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let checksum = 0xffff_ffff;
  for (const byte of bytes) checksum = (table[(checksum ^ byte) & 0xff] ?? 0) ^ (checksum >>> 8);
  return (checksum ^ 0xffff_ffff) >>> 0;
}

const REVERSED_POLYNOMIAL = 0xedb8_8320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let entry = byte;
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ REVERSED_POLYNOMIAL : entry >>> 1;
  return entry;
});
