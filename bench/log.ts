import type { BuildView } from '../src/core/views/build-view.ts';
import type { LogRangeView } from '../src/core/views/log-view.ts';
import type { StreamMessage } from '../src/core/views/stream-message.ts';
import { endOf, push } from '../test/support/builds.ts';
import { until, type System } from '../test/support/system.ts';
import { dockerCommand, timed } from './docker-run.ts';
import { quantile, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const LINES = 1_000_000;
const SECRETS = 5;
const RATE = 5_000;
const SECONDS = 8;
const IMAGE = 'slipway-test/node:24';

/** Writes LINES lines of 100 bytes, newline included, as fast as they are taken. */
const WRITER = `const l=[];for(let i=0;i<1000;i++)l.push(('line '+i+' ').padEnd(99,'x'));const b=l.join('\\n')+'\\n';let n=0;(function w(){while(n<${LINES / 1000}){n++;if(!process.stdout.write(b))return process.stdout.once('drain',w)}})()`;
/** Writes RATE lines a second for SECONDS seconds, each saying when. */
const TALKER = `let n=0;const t=setInterval(()=>{for(let i=0;i<${RATE / 100};i++)console.log('at '+Date.now()+' ');if(++n>=${SECONDS * 100})clearInterval(t)},10)`;

/**
 * Lines from a container to the server's disk, secrets masked; then the delay from a line's writing to a reader of
 * server-sent events at a steady rate. Floor: `docker run` of the same writer into nothing.
 */
export async function log(ground: Ground): Promise<Figures<'log'>> {
  return measuredSystem(ground, { 'README.md': 'log\n' }, async ({ system, repository }) => {
    await setSecrets(system);
    const docker = await dockerCommand();
    const written = await endOf(
      system,
      await push(system, repository, { 'slipway.yml': fileOf(WRITER) }),
      180_000,
    );
    const seconds = stepSeconds(written);
    const lost = LINES - (await countLines(system, written));
    const floor = await timed(docker, ['run', '--rm', IMAGE, 'node', '-e', WRITER]);
    const delays = await measureDelays(
      system,
      await push(system, repository, { 'slipway.yml': fileOf(TALKER) }),
    );
    const linesPerSecond = round(LINES / seconds);
    const p99Ms = round(quantile(delays, 0.99));
    return {
      rows: [
        {
          what: `log lines of 100 bytes, container → disk of the server, ${SECRETS} secrets masked`,
          value: `${linesPerSecond}/s`,
          floor: `${round(LINES / (floor.ms / 1000))}/s (docker run, thrown away)`,
          goal: '≥ 50,000/s',
        },
        { what: `lines lost of ${LINES}`, value: String(lost), floor: '0', goal: '0' },
        {
          what: `line → reader at ${RATE} lines/s, p50 / p99`,
          value: `${round(quantile(delays, 0.5))} ms / ${p99Ms} ms`,
          floor: '50 ms (one tick)',
          goal: 'p99 ≤ 250 ms',
        },
      ],
      json: { linesPerSecond, lost, p99Ms },
    };
  });
}

function fileOf(script: string): string {
  const environment = Array.from(
    { length: SECRETS },
    (_, i) => `      S${i}: { from_secret: secret_${i} }\n`,
  ).join('');
  const command = JSON.stringify(`node -e ${quote(script)}`);
  return `steps:\n  - name: write\n    image: ${IMAGE}\n    environment:\n${environment}    commands:\n      - ${command}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function setSecrets(system: System): Promise<void> {
  for (let i = 0; i < SECRETS; i++)
    await system.api('PUT', `/projects/${encodeURIComponent('bench/app')}/secrets/secret_${i}`, {
      value: `a secret value that is never written ${i}`,
    });
}

function stepSeconds(build: BuildView): number {
  const attempt = writerOf(build);
  if (build.status !== 'success' || attempt?.startedAtMs == null || attempt.finishedAtMs === null)
    throw new Error(JSON.stringify(build));
  return (attempt.finishedAtMs - attempt.startedAtMs) / 1000;
}

function writerOf(build: BuildView) {
  return build.workflows.flatMap((workflow) => workflow.steps).find(({ name }) => name === 'write')
    ?.attempts[0];
}

/** Of the lines that the writer wrote, those in the record, by the file that a reader downloads. */
async function countLines(system: System, build: BuildView): Promise<number> {
  const headers = { authorization: `Bearer ${system.adminToken}` };
  const response = await fetch(`${system.url}/api/v1/logs/${writerOf(build)?.logId ?? ''}/raw`, { headers });
  const text = await response.text();
  return text.split('\n').filter((line) => /^line \d+ x+$/.test(line) && line.length === 99).length;
}

async function measureDelays(system: System, buildId: string): Promise<number[]> {
  let logId: string | undefined;
  await until(async () => {
    const attempt = writerOf(await system.api<BuildView>('GET', `/builds/${buildId}`));
    if (attempt?.startedAtMs != null) logId = attempt.logId;
    return logId !== undefined;
  }, 'the step starts');
  const delays = await readDelays(system, logId ?? '');
  const { lines } = await system.api<LogRangeView>('GET', `/logs/${logId ?? ''}?from=0&count=0`);
  if (delays.length < RATE * SECONDS) throw new Error(`the reader saw ${delays.length} of ${lines} lines`);
  return delays;
}

async function readDelays(system: System, logId: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${system.adminToken}` };
  const response = await fetch(`${system.url}/api/v1/stream?log=${logId}:0`, { headers });
  const delays: number[] = [];
  const seen = new Set<number>();
  let rest = '';
  let seenLines = 0;
  for await (const chunk of response.body ?? []) {
    const now = Date.now();
    const messages = (rest + Buffer.from(chunk).toString('utf8')).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1];
      if (data === undefined) continue;
      const parsed = JSON.parse(data) as StreamMessage;
      if (parsed.type !== 'log') continue;
      for (const line of parsed.lines) {
        // The closing space tells a whole line from one that is still being written.
        const at = /^at (\d+) $/.exec(line.text)?.[1];
        if (at === undefined || seen.has(line.number)) continue;
        seen.add(line.number);
        delays.push(now - Number(at));
      }
      // The end may come without a line.
      seenLines = Math.max(seenLines, (parsed.lines.at(-1)?.number ?? -1) + 1);
      if (parsed.state.sealed && parsed.state.lines <= seenLines) return delays;
    }
  }
  return delays;
}
