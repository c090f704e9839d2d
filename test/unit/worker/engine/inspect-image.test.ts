import { expect, it } from 'vitest';
import { healthcheck, tcpPorts } from '../../../../worker/engine/inspect-image.ts';

it('finds the TCP ports of an image, ascending', () => {
  expect(tcpPorts(['9090/udp', '8443/tcp', '443/tcp', '80'])).toEqual([80, 443, 8443]);
});

it.each([
  [['CMD', 'pg_isready', '-q'], { kind: 'command', command: ['pg_isready', '-q'] }],
  [['CMD-SHELL', 'curl -f localhost'], { kind: 'shell', command: 'curl -f localhost' }],
  [['NONE'], null],
  [[], null],
])('reads the health check %j', (test, expected) => {
  expect(healthcheck(test)).toEqual(expected);
});
