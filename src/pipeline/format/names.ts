import { ARTIFACT_NAME } from '../../core/artifact.ts';
import { LABEL_NAME, LABEL_VALUE } from '../../core/labels.ts';
import { matching, withVariables } from './matching.ts';

/** Name of a step: one line, for people. */
export const stepName = matching('a name of 1 to 64 characters', /^(?! )[^\p{Cc}\p{Cf}]{1,64}(?<! )$/u);

/** Name of a service: a DNS label (RFC 1123) with `_` allowed, as Docker resolves it. */
export const serviceName = matching(
  'a host name of a-z, 0-9, `-` and `_` (at most 63)',
  /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
);

/** Names with variables; what comes out of those is checked apart. */
export const stepNameTemplate = withVariables(stepName);
export const serviceNameTemplate = withVariables(serviceName);

export const environmentName = matching(
  'a name of a-z, 0-9 and `-` (at most 40)',
  /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
);

/** A label of a worker, and its value. */
export const labelName = matching(
  'the name of a label: a-z, 0-9, `.`, `_`, `-` and `/` (at most 63)',
  LABEL_NAME,
);
export const labelValue = matching(
  'the value of a label: A-Z, a-z, 0-9, `.`, `_`, `-` and `/` (at most 63)',
  LABEL_VALUE,
);

/** Name of a variable of the environment (POSIX). */
export const variableName = matching('a variable name of A-Z, a-z, 0-9 and `_`', /^[A-Za-z_][A-Za-z0-9_]*$/);

/** Name of an input, which becomes a variable of the environment. */
export const inputName = matching(
  'the name of an input: A-Z, a-z, 0-9, `_` and `-`, a letter first (at most 64)',
  /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
);

/** Name of a group of workflows, perhaps with variables. */
export const concurrencyGroup = matching('a name of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** Name of a schedule: one line, for people. */
export const cronName = stepName;

/** Name of a workflow: that of its file, without the ending. */
export const workflowName = stepName;

/** Name of a setting of a plugin, which becomes a variable of the environment. */
export const settingName = matching(
  'the name of a setting: A-Z, a-z, 0-9, `_`, `-` and `.` (at most 64)',
  /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
);

/** A key of a map in a setting. */
export const nestedName = matching('a key of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

export const secretName = matching(
  'the name of a secret: A-Z, a-z, 0-9, `_`, `.` and `-` (at most 64)',
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
);

/** Name of a stage in a Dockerfile (`FROM … AS name`), or its number. */
export const stageName = matching('a stage of the Dockerfile', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);

/** Name of an artifact. */
export const artifactName = matching('a name of A-Z, a-z, 0-9, `_`, `.` and `-` (at most 64)', ARTIFACT_NAME);
