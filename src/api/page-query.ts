import { z } from 'zod';

/** The query of a list: `before` is the `next` of the page before. */
export const pageQuery = z.object({
  before: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
