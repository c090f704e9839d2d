/** Who a locked registry of the tests lets in: the one that pushes, and another for pulls. */
export const LOGIN = { username: 'ci', password: 'right' };
export const READER = { username: 'reader', password: 'read only' };

/** Their lines of an htpasswd file (bcrypt, cheapest cost). */
export const HTPASSWD = [
  'ci:$2y$04$axv3BAHaykDDtt8WRPLf7eLr3xeRWi6MaRRJpsFVpEpGyprxmJR8q',
  'reader:$2y$04$axv3BAHaykDDtt8WRPLf7eIKI7qMjVhHus1cTodfrhASNVAPUK4zO',
].join('\n');
