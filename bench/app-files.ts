import { randomBytes } from 'node:crypto';

/** Weight of the dependencies: a layer that a one-line change leaves alone. */
const WEIGHT_BYTES = 3_000_000;
const weights = new Map<string, string>();

/** What a benchmark may have otherwise in its service. */
export interface Service {
  /** How long the release before stands by, as the pipeline file has it. */
  readonly standby?: string;
  /** Ends at SIGTERM at once, with what it has in hand; else after it has answered. */
  readonly isAbrupt?: boolean;
}

/**
 * The service that is measured: a Node server with a heavy layer below and its own code on top, a unit test in the
 * image, and an answer that says its version. `/slow` takes 200 ms.
 * @param weight Names the content of the heavy layer: another name, another layer.
 */
export function serviceFiles(
  version: string,
  weight = 'same',
  { standby = '10m', isAbrupt = false }: Service = {},
): Record<string, string> {
  return {
    Dockerfile: [
      'FROM slipway-test/node:24',
      'WORKDIR /app',
      'COPY vendor ./vendor',
      "RUN node -e \"require('fs').writeFileSync('/app/built', String(Date.now()))\"",
      'COPY server.mjs server.test.mjs ./',
      'EXPOSE 8080',
      'CMD ["node", "server.mjs"]',
      '',
    ].join('\n'),
    'vendor/weight.txt': weightOf(weight),
    'server.mjs': server(version, isAbrupt),
    'server.test.mjs': TEST,
    'slipway.yml': pipeline(standby),
  };
}

function weightOf(name: string): string {
  const known = weights.get(name);
  if (known !== undefined) return known;
  const made = randomBytes(WEIGHT_BYTES).toString('base64');
  weights.set(name, made);
  return made;
}

export const HOST = 'bench.example.com';
export const TEST_COMMAND = 'node --test server.test.mjs';

const server = (version: string, isAbrupt: boolean): string => `import http from 'node:http';

export const version = '${version}';
const server = http.createServer((request, response) => {
  const answer = () => response.end(JSON.stringify({ version, method: request.method }));
  request.resume();
  request.on('end', () => (request.url === '/slow' ? setTimeout(answer, 200) : answer()));
});
if (process.argv[1].endsWith('server.mjs')) server.listen(8080);
process.on('SIGTERM', () => ${isAbrupt ? 'process.exit(0)' : 'server.close(() => process.exit(0))'});
`;

const TEST = `import test from 'node:test';
import assert from 'node:assert';
import { version } from '/app/server.mjs';

test('has a version', () => assert.ok(version.length > 0));
`;

const pipeline = (standby: string): string => `steps:
  - name: test
    commands: [cd /app && ${TEST_COMMAND}]

push:
  tags: ["\${CI_COMMIT_SHA}"]

deploy:
  - environment: production
    port: 8080
    host: ${HOST}
    health: { path: /healthz, passes: 2 }
    drain: { requests: 10s, connections: 10s }
    standby: ${standby}
`;
