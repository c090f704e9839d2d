import type { ImagePlan } from '../../src/core/plan.ts';
import type { BuildClient } from './build-client.ts';

export interface BuildCommand {
  readonly client: BuildClient;
  readonly plan: ImagePlan;
  /** The stage to build; null: the last one. */
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly tag: string;
  /** Secret id → file that holds its value. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** Absolute paths. */
  readonly dockerfile: string;
  readonly context: string;
  readonly imageIdFile: string;
}

/** The command line of one build, after the command's name. Values of secrets are never in it. */
export function buildArguments(build: BuildCommand): readonly string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return [
    ...(build.client.kind === 'buildx' ? ['buildx', 'build', '--load'] : ['build']),
    '--progress=plain',
    `--file=${build.dockerfile}`,
    `--iidfile=${build.imageIdFile}`,
    `--tag=${build.tag}`,
    ...(build.target === null ? [] : [`--target=${build.target}`]),
    ...pairs('--build-arg', { ...build.args, ...build.plan.args }),
    ...Object.entries(build.secretFiles).flatMap(([id, file]) => ['--secret', `id=${id},src=${file}`]),
    '--',
    build.context,
  ];
}
