import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Installation } from '../backup/installation.ts';
import { openKeyRing } from '../secrets/key-ring.ts';
import { fail, ok, warn, type Check } from './check.ts';

export function checkKey({ dataDir, database }: Installation): Check {
  const file = path.join(dataDir, 'keys');
  return {
    name: 'key',
    run: async () => {
      if (!existsSync(file)) {
        const isNew = database.kind === 'sqlite' && !existsSync(database.file);
        return isNew
          ? warn(`there is none at ${file}`, 'The first start makes it.')
          : fail(
              `there is none at ${file}`,
              'Put it back from a backup: a new one opens no secret that is kept.',
            );
      }
      const { current } = await openKeyRing(file);
      return ok(`${file}, newest ${current.id}, for its owner alone`);
    },
  };
}
