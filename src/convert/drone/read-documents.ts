import { readCheckoutSetting, skipEntry } from '../checkout.ts';
import type { Foreign } from '../foreign.ts';
import { uniqueNames, workflowNameOf } from '../names.ts';
import type { ForeignDocument, ForeignFile } from '../open-file.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { OutEntry, OutMap } from '../out.ts';
import { conditionOf } from '../woodpecker/conditions.ts';
import {
  concurrencyEntry,
  leaveOutIdle,
  readBody,
  readWoodpecker,
  whenOf,
} from '../woodpecker/read-workflow.ts';
import type { StepWords } from '../woodpecker/step.ts';
import { declaredVolumes } from '../woodpecker/volumes.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { DRONE, DRONE_CONDITIONS } from './words.ts';

/** The pipelines of a file of Drone, each a document; one of before 1.0 is read as Woodpecker's, which began as that. */
export function readDrone(file: ForeignFile): readonly ReadWorkflow[] {
  const unique = uniqueNames();
  const isAlone = file.documents.filter(({ root }) => root.has('steps')).length < 2;
  const read = file.documents.flatMap((document) => {
    const { root } = document;
    if (!root.has('kind') && root.has('pipeline')) {
      const old = readWoodpecker('default', file, document);
      return old === null ? [] : [old];
    }
    const kind = root.get('kind');
    const type = root.get('type');
    const isPipeline = kind === undefined || kind.peek() === 'pipeline';
    kind?.use();
    if (!isPipeline) {
      leaveOutResource(root, kind?.peek() ?? '');
      return [];
    }
    if (type?.peek() === 'kubernetes')
      type.changes(
        'its steps run in containers of a worker, and not in a cluster',
        'Nothing, where they need nothing of the cluster.',
      );
    else if (type !== undefined && !['docker', ''].includes(type.peek())) {
      root.leaveOut(
        `a pipeline of type \`${type.peek()}\` does not run its steps in containers of images`,
        'Name an `image` for each step.',
      );
      return [];
    }
    type?.use();
    const named = root.get('name')?.text() ?? 'default';
    if (isAlone) root.get('name')?.needs('a workflow alone is named `default`');
    const name = unique(isAlone ? 'default' : workflowNameOf(named));
    const workflow = readPipeline(name, file, document);
    return workflow === null ? [] : [workflow];
  });
  const names = new Set(read.map(({ name }) => name));
  return read.map((one) => ({ ...one, out: withoutLost(one.out, names) }));
}

/** Without `depends_on` of what is left out. */
function withoutLost(out: OutMap, names: ReadonlySet<string>): OutMap {
  const entries = out.entries.flatMap((one) => {
    if (one.key !== 'depends_on' || one.value.kind !== 'list') return [one];
    const kept = one.value.items.filter((item) => {
      if (item.kind !== 'text' || names.has(item.value)) return true;
      item.from?.leaveOut(`\`${item.from.peek()}\` is no pipeline that runs here`, 'Remove it.');
      return false;
    });
    return kept.length === 0 ? [] : [entry(one.key, list(kept, one.value.from), one.from)];
  });
  return map(entries, out.from);
}

/** Of other kinds than pipelines. */
function leaveOutResource(root: Foreign, word: string): void {
  if (word === 'secret')
    root.leaveOut('secrets are kept by the server', 'Write `slipway secret set` for the project.');
  else if (word === 'signature')
    root.leaveOut('the file is not signed', 'Remove it; who may change the file is the Git host’s to say.');
  else if (word === 'template')
    root.leaveOut('templates are kept by a server of Drone', 'Write the steps that it stands for.');
  else root.leaveOut(`\`${word}\` is no kind that is known`, 'Remove it.');
  root.use();
}

function readPipeline(name: string, file: ForeignFile, document: ForeignDocument): ReadWorkflow | null {
  const { root } = document;
  const environment = root.get('environment');
  const words: StepWords = {
    ...DRONE_CONDITIONS,
    dialect: DRONE,
    matrix: new Map(),
    environment: environment === undefined ? [] : [environment],
    areSettingsLoose: false,
    declaredVolumes: declaredVolumes(root.get('volumes')),
  };
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) root.get(key)?.leaveOut(why, fix);
  const trigger = readTrigger(root, root.get('trigger'));
  if (trigger === 'never') {
    root.use();
    return null;
  }
  const depends = root.get('depends_on');
  const body = readBody(root.get('steps'), root.get('services'), words, whenOf(trigger));
  if (leaveOutIdle(root, body)) return null;
  return {
    name,
    file,
    document,
    out: map(
      [
        ...trigger,
        depends === undefined
          ? null
          : entry(
              'depends_on',
              list(
                depends.oneOrMore().map((one) => text(workflowNameOf(one.text() ?? ''), one)),
                depends,
              ),
              depends,
            ),
        labelsEntry(root.get('node'), root.get('platform')),
        concurrencyEntry(root.get('concurrency')),
        cloneEntry(root.get('clone')),
        NO_IMAGE,
        ...body,
      ],
      root,
    ),
  };
}

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  workspace: ['the workspace is chosen by Slipway', 'Write `$CI_WORKSPACE` for its path.'],
  image_pull_secrets: ['logins of registries are the server’s', 'Use `slipway registry login`.'],
  metadata: ['steps do not run in Kubernetes', 'Remove it.'],
  node_selector: ['steps do not run in Kubernetes', 'Write `labels`.'],
  node_name: ['steps do not run in Kubernetes', 'Write `labels`.'],
  tolerations: ['steps do not run in Kubernetes', 'Remove it.'],
  host_aliases: ['the network is set by Slipway', 'Name a service so.'],
  service_account_name: ['steps do not run in Kubernetes', 'Remove it.'],
  dns_config: ['the network is set by the operator', 'Remove it.'],
  resources: ['limits are set by the operator', 'Remove it.'],
};

/** `trigger` is one condition; its status is `runs_on`. */
function readTrigger(root: Foreign, trigger: Foreign | undefined): readonly (OutEntry | null)[] | 'never' {
  if (trigger === undefined) return [];
  const conditions = conditionOf(trigger, DRONE_CONDITIONS, true);
  const [first] = conditions;
  if (first === undefined) {
    root.leaveOut(
      'none of its events is there, and the pipeline is left out',
      'Write a `when` with push, pull_request, tag or manual.',
    );
    return 'never';
  }
  const status = first.entries.find(({ key }) => key === 'status');
  const rests = conditions.map(({ entries, from }) =>
    map(
      entries.filter(({ key }) => key !== 'status'),
      from,
    ),
  );
  const [rest] = rests;
  return [
    rest === undefined || rests.some(({ entries }) => entries.length === 0)
      ? null
      : entry('when', rests.length === 1 ? rest : list(rests, trigger), trigger),
    status === undefined ? null : entry('runs_on', status.value, status.from),
  ];
}

/** `linux` on `amd64` is what workers are; other platforms are labels that a worker must have. */
function labelsEntry(node: Foreign | undefined, platform: Foreign | undefined): OutEntry | null {
  const own = node?.entries().map((one) => entry(one.key.toLowerCase(), copy(one), one)) ?? [];
  const [os, arch, variant] = ['os', 'arch', 'variant'].map((key) => platform?.get(key)?.text() ?? null);
  platform?.get('version')?.leaveOut('a worker’s system has no version here', 'Write `labels`.');
  const named = [
    os ?? 'linux',
    arch ?? 'amd64',
    ...(variant === null || variant === undefined ? [] : [variant]),
  ].join('/');
  if (platform !== undefined && named === 'linux/amd64')
    platform.changes(
      'any worker takes the workflow, as long as no label says otherwise',
      'Give workers labels with their tokens, and write `labels`.',
    );
  const all = [
    ...own,
    ...(platform === undefined || named === 'linux/amd64' ? [] : [entry('platform', named, platform)]),
  ];
  return all.length === 0
    ? null
    : entry('labels', map(all, node ?? platform ?? null), node ?? platform ?? null);
}

function cloneEntry(clone: Foreign | undefined): OutEntry | null {
  if (clone === undefined) return null;
  for (const one of clone.entries()) if (one.key !== 'disable') readCheckoutSetting(one);
  return skipEntry(clone.get('disable'));
}
