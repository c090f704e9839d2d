/** A server to kill and freeze: `node hold-lock.ts <target>` holds the lock; a line on stdin makes it write. */
import { createInterface } from 'node:readline';
import { newId } from '../../src/core/id.ts';
import { Problem } from '../../src/core/problem.ts';
import { openStore } from '../../src/store/open-store.ts';

const store = await openStore(process.argv[2] ?? '');
process.stdout.write('held\n');
createInterface(process.stdin).on('line', () => {
  store
    .transaction((tx) =>
      tx.db
        .insertInto('project')
        .values({
          id: newId('prj'),
          path: 'written/late',
          clone_url: '',
          host_repository: '',
          default_branch: 'main',
          clone_token: null,
          created_at: 0,
        })
        .execute(),
    )
    .then(
      () => process.stdout.write('written\n'),
      (error: unknown) => process.stdout.write(`${error instanceof Problem ? error.code : String(error)}\n`),
    );
});
