import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import type { LogSink } from '../../worker/log-sink.ts';

/** A Dockerfile with stages on nothing but a static busybox, so that no image needs to be pulled. */
export const BASE = `FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
`;

/** Writes a build context with the busybox binary and these files into a new folder; returns it. */
export function writeContext(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'image-test-'));
  copyFileSync('/bin/busybox', path.join(root, 'busybox'));
  chmodSync(path.join(root, 'busybox'), 0o755);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  return root;
}

/** The engine that the tests run on, named by DOCKER_HOST. */
export function testEngine(): Engine {
  const host = process.env['DOCKER_HOST'];
  if (host === undefined) throw new Error('DOCKER_HOST must name the engine for the tests');
  return connectEngine(host);
}

/** A log that keeps what it is told. */
export function keepLog(): LogSink & { readonly text: () => string } {
  let text = '';
  return {
    write: async (_stream, bytes) => void (text += Buffer.from(bytes).toString('utf8')),
    say: async (line) => void (text += `${line}\n`),
    end: () => Promise.resolve(text.length),
    text: () => text,
  };
}
