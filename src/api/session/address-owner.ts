import { isIP } from 'node:net';

/** Whom a limit by address means: an IPv4 address, the /64 of an IPv6 address, and all that is no address as one. */
export function ownerOfAddress(address: string | undefined): string {
  const [plain = ''] = (address ?? '').split('%');
  const mapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1] ?? plain;
  if (isIP(mapped) === 4) return mapped;
  return isIP(plain) === 6 ? `${network64(plain)}::/64` : 'unknown';
}

function network64(address: string): string {
  // As an URL has it: lower case, no leading zeros, the longest run of zeros as "::".
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [left, right] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill('0');
  return [...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4).join(':');
}
