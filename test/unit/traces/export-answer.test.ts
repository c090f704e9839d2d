import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readExportAnswer } from '../../../src/traces/export-answer.ts';
import { encodeAnswer } from '../../support/otlp-messages.ts';

const NOTHING = { rejected: 0, why: '', message: '' };
const BINARY = 'application/x-protobuf';

it('a request that was taken whole or in part is read in both forms', () => {
  const partialSuccess = { rejectedSpans: '2', errorMessage: 'too old' };
  const told = { rejected: 2, why: 'too old', message: '' };
  expect(readExportAnswer(Buffer.from(JSON.stringify({ partialSuccess })), 'application/json')).toEqual(told);
  expect(readExportAnswer(encodeAnswer('ExportTraceServiceResponse', { partialSuccess }), BINARY)).toEqual(
    told,
  );
  expect(readExportAnswer(Buffer.from('{}'), '')).toEqual(NOTHING);
  expect(readExportAnswer(Buffer.alloc(0), BINARY)).toEqual(NOTHING);
});

it('a refusal is read in both forms', () => {
  const status = { code: 3, message: 'bad data' };
  const told = { ...NOTHING, message: 'bad data' };
  expect(readExportAnswer(Buffer.from(JSON.stringify(status)), 'application/json; charset=utf-8')).toEqual(
    told,
  );
  expect(readExportAnswer(encodeAnswer('RpcStatus', status), BINARY)).toEqual(told);
});

it('whatever else is answered says nothing, and hurts nobody', () => {
  expect(readExportAnswer(Buffer.from('null'), 'application/json')).toEqual(NOTHING);
  expect(readExportAnswer(Buffer.from('<html>'), 'text/html')).toEqual(NOTHING);
  expect(readExportAnswer(encodeAnswer('RpcStatus', { message: 'cut off' }).subarray(0, 4), BINARY)).toEqual(
    NOTHING,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const { rejected, why, message } = readExportAnswer(Buffer.from(bytes), BINARY);
      expect([typeof rejected, typeof why, typeof message]).toEqual(['number', 'string', 'string']);
    }),
  );
});
