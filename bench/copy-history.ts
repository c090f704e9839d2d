import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { newId } from '../src/core/id.ts';

type Row = Record<string, SQLInputValue>;

/** What a build leaves in the record, by the rows that lead to it, in the order in which they may be inserted. */
const ROWS_OF_BUILD: readonly (readonly [table: string, where: string])[] = [
  ['delivery', 'id in (select delivery_id from build where id = :build)'],
  ['build', 'id = :build'],
  ['delivery_build', 'build_id = :build'],
  ['workflow', 'build_id = :build'],
  ['step', 'workflow_id in (select id from workflow where build_id = :build)'],
  [
    'step_attempt',
    'step_id in (select step.id from step join workflow on workflow.id = step.workflow_id where build_id = :build)',
  ],
  ['event', 'build_id = :build'],
  ['lease', 'subject_id in (select id from workflow where build_id = :build)'],
];

const DAY_MS = 24 * 3_600_000;

/**
 * Gives a stopped server a history: `count` copies of its newest build, with all of their rows, over `days` days that
 * end now. Each has ids, a number, a commit and a delivery of its own. Of their logs there is nothing.
 */
export function copyHistory(file: string, count: number, days = 300): void {
  const db = new DatabaseSync(file);
  try {
    const { id: build } = db.prepare('select id from build order by id desc limit 1').get() as { id: string };
    const template = ROWS_OF_BUILD.map(([table, where]) => ({
      table,
      rows: db.prepare(`select * from ${table} where ${where}`).all({ build }),
    }));
    const inserts = new Map(
      template.map(({ table, rows }) => {
        const columns = Object.keys(rows[0] ?? {});
        const names = columns.map((column) => `"${column}"`).join();
        const values = columns.map(() => '?').join();
        return [table, { columns, run: db.prepare(`insert into ${table} (${names}) values (${values})`) }];
      }),
    );
    const ids = template.flatMap(({ rows }) =>
      rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])),
    );
    db.exec('pragma synchronous = off; begin');
    for (let n = 1; n <= count; n++) {
      const atMs = Date.now() - Math.floor(((count - n) / count) * days * DAY_MS);
      const fresh = new Map(
        ids.map((id) => [id, newId(id.split('_')[0] as Parameters<typeof newId>[0], atMs)]),
      );
      for (const { table, rows } of template) {
        const insert = inserts.get(table);
        for (const row of rows)
          insert?.run.run(...copied(row, table, { n, atMs, fresh, columns: insert.columns }));
      }
    }
    db.exec(`update project set next_build_number = next_build_number + ${count}; commit; analyze`);
  } finally {
    db.close();
  }
}

interface Copy {
  readonly n: number;
  readonly atMs: number;
  readonly fresh: ReadonlyMap<string, string>;
  readonly columns: readonly string[];
}

function copied(row: Row, table: string, { n, atMs, fresh, columns }: Copy): SQLInputValue[] {
  const own: Row = {
    ...(table === 'build' ? { number: Number(row['number']) + n, commit: sha(n) } : {}),
    ...(table === 'lease' ? { fence: -n } : {}),
    ...(table === 'delivery' ? { host_delivery_id: `copy-${n}` } : {}),
  };
  return columns.map((column) => {
    const value = row[column] ?? null;
    if (own[column] !== undefined) return own[column];
    if (typeof value === 'string') return fresh.get(value) ?? value;
    return column.endsWith('_at') && typeof value === 'number' && value > 1e12 ? atMs : value;
  });
}

const sha = (n: number): string => createHash('sha1').update(String(n)).digest('hex');
