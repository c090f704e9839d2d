/**
 * What a worker is, or a workflow wants its worker to be: `{ os: 'linux', gpu: 'yes' }`. Names and values are compared as
 * they are written.
 */
export type Labels = Readonly<Record<string, string>>;

/** A label's name, e.g. `gpu`; a prefix with a slash may stand before it, e.g. `example.com/rack`. */
export const LABEL_NAME = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/;
/** Labels of one worker, or wanted by one workflow. */
export const MOST_LABELS = 32;

/** Whether `own` has every label that is wanted, with that value; those beyond them do not matter. */
export function hasLabels(own: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(own, name) && own[name] === value);
}

/** Whether two sets of labels are the same, in whatever order. */
export function isSameLabels(one: Labels, other: Labels): boolean {
  return hasLabels(one, other) && hasLabels(other, one);
}

/** For people and for metrics, the same for the same labels: `gpu=yes,os=linux`; empty for none. */
export function describeLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',');
}
