import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LINT_CATALOGUE } from '../pipeline/lint-catalogue.ts';
import type { LintEntry } from '../pipeline/lint-catalogue.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import type { Linted } from './lint.ts';

/**
 * The problems as SARIF 2.1.0 (OASIS standard), of one run. Files are named relative to `folder`, as hosts want it that
 * show them beside the code; those outside of it by their whole address. Columns count UTF-16 units.
 */
export function asSarif(linted: readonly Linted[], folder: string): string {
  const files = [...new Set(linted.flatMap((one) => [one.file, ...one.problems.map(({ file }) => file)]))];
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'slipway', fullName: 'Slipway, lint of pipeline files', rules: RULES } },
        columnKind: 'utf16CodeUnits',
        artifacts: files.map((file) => ({ location: { uri: addressOf(file, folder) } })),
        results: linted.flatMap(({ problems }) =>
          problems.map((problem) => resultOf(problem, files.indexOf(problem.file), folder)),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const CODES = Object.keys(LINT_CATALOGUE);
const RULES = Object.entries<LintEntry>(LINT_CATALOGUE).map(([code, { severity, message, fix }]) => ({
  id: code,
  name: code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  shortDescription: { text: inGeneral(message) },
  help: { text: helpOf(fix) },
  defaultConfiguration: { level: severity },
}));

function resultOf(problem: LintProblem, index: number, folder: string) {
  const { code, severity, message, fix, file, line, column, length, excerpt, path: place } = problem;
  return {
    ruleId: code,
    ruleIndex: CODES.indexOf(code),
    level: severity,
    message: { text: `${message} ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: addressOf(file, folder), index },
          region: {
            startLine: line,
            startColumn: column,
            endLine: line,
            endColumn: column + length,
            snippet: { text: excerpt.text.slice(excerpt.start, excerpt.start + excerpt.length) },
          },
        },
        ...(place === '' ? {} : { logicalLocations: [{ fullyQualifiedName: place }] }),
      },
    ],
    properties: { fix },
  };
}

function addressOf(file: string, folder: string): string {
  const relative = path.relative(folder, path.resolve(folder, file));
  if (relative.startsWith('..') || path.isAbsolute(relative)) return pathToFileURL(file).href;
  return relative.split(path.sep).map(encodeURIComponent).join('/');
}

/** The text of the catalogue without the details of a case. */
function inGeneral(text: string): string {
  return text.replace(/(?<!\$)\{\w+\}/g, '…');
}

function helpOf(fix: string): string {
  return fix === '{fix}' ? 'The message of each result says what to write.' : inGeneral(fix);
}
