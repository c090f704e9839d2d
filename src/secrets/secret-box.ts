import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import type { KeyRing } from './key-ring.ts';

/** Encrypts what lies in the database. `context` names the place of the value, e.g. `project/prj_…/secret/npm_token`. */
export interface SecretBox {
  /** Text that only {@link SecretBox.open} with the same context gives back; never twice the same. */
  seal(plain: string, context: string): string;
  /** @throws Problem `secret_unreadable` when the key is not there, the text was changed or moved to another place. */
  open(sealed: string, context: string): string;
}

/**
 * AES-256-GCM with a random 96-bit nonce; the context is authenticated with it, so that a ciphertext copied
 * into another row does not open. Form: `v1.<key id>.<nonce>.<ciphertext and tag>`, each base64url.
 * New values are sealed with the ring's first key; older keys still open.
 * @param onOpen Told of each value that this process has seen.
 */
export function createSecretBox(ring: KeyRing, onOpen: (plain: string) => void = () => undefined): SecretBox {
  return {
    seal: (plain, context) => {
      onOpen(plain);
      const { id, key } = ring.current;
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${id}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
    },
    open: (text, context) => {
      const [version, id = '', nonce = '', body = ''] = text.split('.');
      const key = ring.find(id);
      if (version !== 'v1' || key === null)
        throw new Problem('secret_unreadable', { context, cause: `the key ${id} is not in the key file` });
      try {
        const plain = decrypt(key, Buffer.from(nonce, 'base64url'), Buffer.from(body, 'base64url'), context);
        onOpen(plain);
        return plain;
      } catch (cause) {
        throw new Problem('secret_unreadable', { context, cause: 'it was changed or moved' }, { cause });
      }
    },
  };
}

function decrypt(key: Buffer, nonce: Buffer, body: Buffer, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(body.subarray(-16));
  return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]).toString('utf8');
}
