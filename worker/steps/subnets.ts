/** A block of IPv4 addresses: first address as a number, and how many. */
interface Block {
  readonly first: number;
  readonly size: number;
}

/** Prefix length of a workflow's network: 64 addresses, about 60 containers. */
export const WORKFLOW_PREFIX = 26;

/**
 * The subnets of `range` (CIDR) of a workflow's size that touch none of `taken` (CIDRs; others than IPv4 are no
 * matter), in ascending order.
 */
export function* freeSubnets(range: string, taken: readonly string[]): Generator<string> {
  const whole = parseBlock(range);
  if (whole === null) return;
  const used = taken.flatMap((cidr) => parseBlock(cidr) ?? []);
  const size = 2 ** (32 - WORKFLOW_PREFIX);
  for (let first = whole.first; first + size <= whole.first + whole.size; first += size) {
    const free = used.every((block) => block.first + block.size <= first || first + size <= block.first);
    if (free) yield `${formatAddress(first)}/${WORKFLOW_PREFIX}`;
  }
}

/** Null for what is not IPv4 in CIDR notation. */
function parseBlock(cidr: string): Block | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if (prefix > 32 || [a, b, c, d].some((byte) => byte > 255)) return null;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), size };
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
}
