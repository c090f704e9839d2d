import { z } from 'zod';
import { PHASES } from '../core/deployment.ts';
import type { Report } from '../core/work.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const count = z.number().int().min(0);
/** A reason is for people: cut rather than refused, or its report would come again for ever. */
const text = z.string().transform((whole) => whole.slice(0, 4_096));
/** A newer worker may tell one that this server does not know. */
const code = z.string().transform((whole) => whole.slice(0, 64));
const endStatus = z.enum(['success', 'failure', 'error', 'cancelled', 'skipped']);
const head = { n: z.number().int().min(1), atMs: z.number().int() };

const builtImage = z.object({
  imageId: z.string(),
  testImageId: z.string(),
  sizeBytes: count,
  layers: count,
  cachedSteps: count,
  totalSteps: count,
});

const pushedImage = z.object({ repository: z.string(), digest, bytesPushed: count, bytesReused: count });

/** Body of `POST /leases/:lease/reports`, as the border takes it; the types are `core/work.ts`'s. */
export const reportsRequest = z.object({
  reports: z
    .array(
      z.discriminatedUnion('type', [
        z.object({ ...head, type: z.literal('step.started'), attemptId: z.string() }),
        z.object({
          ...head,
          type: z.literal('step.finished'),
          attemptId: z.string(),
          status: endStatus,
          reason: text.nullable(),
          code: code.nullish(),
          exitCode: z.number().int().nullable(),
          logBytes: count,
          again: z.literal(true).optional(),
        }),
        z.object({ ...head, type: z.literal('image.built'), image: builtImage }),
        z.object({ ...head, type: z.literal('image.pushed'), image: pushedImage }),
        z.object({
          ...head,
          type: z.literal('workflow.finished'),
          status: endStatus,
          reason: text.nullable(),
          code: code.nullish(),
          keepsImage: z.literal(true).optional(),
        }),
        z.object({
          ...head,
          type: z.literal('deployment.phase'),
          phase: z.enum(PHASES),
          detail: text.nullable(),
        }),
        z.object({
          ...head,
          type: z.literal('deployment.finished'),
          status: endStatus,
          reason: text.nullable(),
          code: code.nullish(),
          logBytes: count,
        }),
      ]),
    )
    .max(10_000) satisfies z.ZodType<Report[]>,
});
