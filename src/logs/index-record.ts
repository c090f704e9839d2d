import { crc32 } from 'node:zlib';
import type { LogStream } from '../core/log.ts';

/**
 * A log's index (`.idx`) is records of 24 bytes, all numbers big-endian, in the order of their offsets:
 *
 *     0  u48  offset   byte of the log that the record speaks of
 *     6  u48  line     newlines before that byte
 *    12  u48  time     epoch ms (run), CRC-32 of the batch's log bytes (commit)
 *    18  u8   kind     0 run of stdout, 1 of stderr, 2 of system; 16 commit, 17 commit and end of the log
 *    19  u8   zero
 *    20  u32  CRC-32 of the bytes before; of a commit, over all records of its batch
 *
 * A *run* says when, and from which stream, the bytes from its offset on came. There is one at each change and at
 * least one every {@link RUN_LINES} lines, so that one binary search answers both "where is line n" and "when".
 * A *commit* ends what one append wrote; bytes past the last whole commit were never acknowledged.
 */
export const RECORD_BYTES = 24;
export const RUN_LINES = 256;
export const RUN_BYTES = 64 * 1024;

export interface IndexRecord {
  readonly offset: number;
  readonly line: number;
  readonly timeMs: number;
  readonly kind: LogStream | 'commit' | 'end';
}

export function decodeRecord(bytes: Buffer, at: number): IndexRecord {
  return {
    offset: bytes.readUIntBE(at, 6),
    line: bytes.readUIntBE(at + 6, 6),
    timeMs: bytes.readUIntBE(at + 12, 6),
    kind: KIND_OF[bytes[at + 18] ?? 0] ?? 'stdout',
  };
}

/** Whether the record at `at` has the form and kind of a commit; {@link isWholeBatch} tells whether it holds. */
export function isCommit(bytes: Buffer, at: number): boolean {
  const kind = KIND_OF[bytes[at + 18] ?? 0];
  return kind === 'commit' || kind === 'end';
}

/** Whether `records`, of which the last is a commit, came to the disk whole, with the log bytes they speak of. */
export function isWholeBatch(records: Buffer, logBytes: Uint8Array): boolean {
  const commit = records.length - RECORD_BYTES;
  return (
    records.readUInt32BE(commit + 20) === crc32(records.subarray(0, commit + 20)) &&
    records.readUIntBE(commit + 12, 6) === crc32(logBytes)
  );
}

export function encodeRun(run: IndexRecord): Buffer {
  const bytes = encodeHead(run);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 20)), 20);
  return bytes;
}

/** The records of one append: its runs and their commit. */
export function encodeBatch(
  runs: readonly IndexRecord[],
  end: { readonly offset: number; readonly line: number; readonly sealed: boolean; readonly crc: number },
): Buffer {
  const kind = end.sealed ? 'end' : 'commit';
  const commit = encodeHead({ offset: end.offset, line: end.line, timeMs: end.crc, kind });
  const batch = Buffer.concat([...runs.map(encodeRun), commit]);
  batch.writeUInt32BE(crc32(batch.subarray(0, batch.length - 4)), batch.length - 4);
  return batch;
}

const KINDS: Readonly<Record<IndexRecord['kind'], number>> = {
  stdout: 0,
  stderr: 1,
  system: 2,
  commit: 16,
  end: 17,
};
const KIND_OF: Readonly<Record<number, IndexRecord['kind']>> = Object.fromEntries(
  Object.entries(KINDS).map(([kind, number]) => [number, kind as IndexRecord['kind']]),
);

function encodeHead(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUIntBE(record.offset, 0, 6);
  bytes.writeUIntBE(record.line, 6, 6);
  bytes.writeUIntBE(record.timeMs, 12, 6);
  bytes.writeUInt8(KINDS[record.kind], 18);
  return bytes;
}
