import { BlockList, isIP } from 'node:net';

/**
 * IPv4 ranges that are nobody's public address: those of IANA's special-purpose registry (RFC 6890) and above 224.0.0.0.
 */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Of the one public range of IPv6, 2000::/3, what is none: among it Teredo and 6to4, which carry an IPv4 address. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const specialV4 = rangesOf(SPECIAL_V4);
const globalV6 = rangesOf(['2000::/3']);
const specialV6 = rangesOf(SPECIAL_V6);

/** Whether an address, IPv4 or IPv6 as text, is one on the public internet. Anything else is none. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !specialV4.check(address, 'ipv4');
  if (isIP(address) !== 6) return false;
  return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
}

/** Addresses and ranges, each IPv4 or IPv6, e.g. `10.0.0.0/8` or `fd00::1`. */
export function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

/** Whether a message may be sent to an address: a public one, or one that the operator allows. */
export function mayReach(address: string, allowed: BlockList): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return isPublicAddress(address) || (isIP(address) !== 0 && allowed.check(address, family));
}
