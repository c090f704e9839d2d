import { allChecks } from '../doctor/all-checks.ts';
import { runChecks, type Result, type Verdict } from '../doctor/check.ts';
import { Problem } from '../core/problem.ts';
import { trustAuthorities } from '../tls/trust-authorities.ts';
import { callHere, type LocalCommand } from './call-here.ts';
import { paint, table } from './print.ts';

/** Longest time that one check may take; they run side by side. */
const LIMIT_MS = 10_000;

const doctor: LocalCommand = {
  usage: 'slipway doctor [--json]',
  about: `Looks at everything that a server needs: one line each, ok, warn or fail, with what to do. It changes nothing.
Run it on the server's machine, as the server's user, with the server's settings (SLIPWAY_DATA, DATABASE_URL, …).
Exit status: 0 nothing fails, 1 something does, 2 wrong use.`,
  arguments: [],
  run: async ({ settings, json, say }) => {
    const results = await examine(settings);
    const isOk = results.every(({ verdict }) => verdict !== 'fail');
    if (json) say(JSON.stringify({ ok: isOk, checks: results }, null, 2));
    else say(table(results.map(row)));
    return isOk ? 0 : 1;
  },
};

/** `slipway doctor`. Gives the exit status; what a check still waits for does not keep the process. */
export async function doctorCommand(argv: readonly string[]): Promise<number> {
  const code = await callHere(doctor, argv);
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}

type Settings = Parameters<LocalCommand['run']>[0]['settings'];

async function examine(settings: Settings): Promise<readonly Result[]> {
  const name = 'settings';
  try {
    const read = settings();
    trustAuthorities(read.caBundle);
    const file = process.env['SLIPWAY_CONFIG'] ?? '';
    const says = `from the environment${file === '' ? '' : ` and ${file}`}`;
    const results = await runChecks(allChecks(read, process.env['SLIPWAY_TOKEN'] || null), LIMIT_MS);
    return [{ name, verdict: 'ok', says, fix: null }, ...results];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const says = error.message.replace(/\s*\n\s*/g, ' ');
    return [{ name, verdict: 'fail', says, fix: `${error.fix} Nothing else was looked at.` }];
  }
}

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<Verdict, string>;

function row({ name, verdict, says, fix }: Result): readonly string[] {
  return [paint(STYLES[verdict], verdict), name, fix === null ? says : `${says}. ${fix}`];
}
