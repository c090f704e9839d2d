import { openFileLogStore } from '../../../src/logs/file-log-store.ts';

/** Appends numbered lines to one log for ever; prints the durable offset after each acknowledgement. */
const [folder = '', logId = ''] = process.argv.slice(2);
const store = openFileLogStore(folder);
let { bytes: offset } = await store.state(logId);
process.stdout.write(`${offset}\n`);
for (;;) {
  const lines = Array.from(
    { length: 1 + (offset % 40) },
    (_, n) => `${offset + n} ${'x'.repeat(offset % 97)}\n`,
  );
  const bytes = Buffer.from(lines.join(''));
  const segments = [{ length: bytes.length, timeMs: Date.now(), stream: 'stdout' as const }];
  await store.append([{ logId, offset, segments, bytes, end: false }]);
  offset += bytes.length;
  process.stdout.write(`${offset}\n`);
}
