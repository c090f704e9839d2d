/** Who a locked registry of the tests lets in: the one that pushes, and another for pulls. No password is a word. */
export const LOGIN = { username: 'ci', password: 'long-password-of-ci-4711' };
export const READER = { username: 'reader', password: 'long-password-of-reader-0815' };

/** Their lines of an htpasswd file (bcrypt, cheapest cost). */
export const HTPASSWD = [
  'ci:$2y$04$axv3BAHaykDDtt8WRPLf7eoz1cdvrI6C7DFdwX2eL3dcObUpHw9m2',
  'reader:$2y$04$axv3BAHaykDDtt8WRPLf7enxs/RC0uXnNPK.3.H3.InTRwDtzXl0C',
].join('\n');
