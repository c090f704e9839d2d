import { z } from 'zod';

const MOST = 200;
const LIMIT_WRONG = `is not a whole number from 1 to ${MOST}`;

/** The query of a list: `before` is the `next` of the page before. */
export const pageQuery = z.object({
  before: z.string().max(64).optional(),
  limit: z.coerce.number(LIMIT_WRONG).int(LIMIT_WRONG).min(1, LIMIT_WRONG).max(MOST, LIMIT_WRONG).default(50),
});
