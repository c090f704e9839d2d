/** The address in a request's body, or what is wrong with it. */
export function readLink(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return { error: 'the body is not JSON' };
  }
  if (!URL.canParse(body?.url)) return { error: 'url is not an address' };
  const { protocol, href } = new URL(body.url);
  return ['http:', 'https:'].includes(protocol) ? { url: href } : { error: `${protocol} is not for links` };
}
