/** The path of the checkout in every step, as docs/pipeline.md says. */
export const WORKSPACE = '/workspace';
