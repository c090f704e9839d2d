/** How many test files use real parts at the same time; each lane has its own, so none sees another's. */
export const LANES = 2;
