import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const openssl = (args: readonly string[]) => execute('openssl', args);

/** A certificate of the test's own authority, in PEM. */
export interface IssuedCertificate {
  readonly chain: string;
  readonly key: string;
}

/** An authority of a test's own, by openssl. */
export interface TestAuthority {
  /** Its certificate. */
  readonly ca: string;
  /** File with its certificate. */
  readonly file: string;
  /** A leaf for these hosts; each is another one. `days` may be negative: it has ended. */
  issue(hosts: readonly string[], days?: number): Promise<IssuedCertificate>;
  remove(): Promise<void>;
}

export async function makeAuthority(): Promise<TestAuthority> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-authority-'));
  const at = (name: string): string => path.join(dir, name);
  const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl([
    ...['req', '-x509', ...ecKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '7'],
    ...['-subj', '/CN=Slipway test authority'],
  ]);
  const ca = await readFile(at('ca.pem'), 'utf8');
  let count = 0;
  return {
    ca,
    file: at('ca.pem'),
    async issue(hosts, days = 7) {
      const name = `leaf-${(count += 1)}`;
      const [request, key, leaf] = [at(`${name}.csr`), at(`${name}.key`), at(`${name}.pem`)];
      const names = hosts.map((host) => `${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`).join(',');
      await writeFile(at(`${name}.ext`), `subjectAltName=${names}\n`);
      await openssl(['req', '-new', ...ecKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`]);
      await openssl([
        ...['x509', '-req', '-in', request, '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'],
        ...['-out', leaf, '-days', String(days), '-extfile', at(`${name}.ext`)],
      ]);
      return { chain: await readFile(leaf, 'utf8'), key: await readFile(key, 'utf8') };
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
