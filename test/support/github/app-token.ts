import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

/** The App's private key, PEM in the form in which GitHub gives it (PKCS#1). */
export const APP_KEY: string = keys.privateKey;

/** "Generating a JSON Web Token (JWT) for a GitHub App": RS256, its own id as issuer, ten minutes at most. */
export function isSignedByApp(token: string, appId: string): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const key = createPublicKey(keys.publicKey);
  const isOurs = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${claims}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, number>;
  const now = Date.now() / 1_000;
  return isOurs && String(iss) === appId && (exp ?? 0) > now && (exp ?? 0) - (iat ?? 0) <= 600;
}
